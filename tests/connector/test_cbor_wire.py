"""PutRecords in CBOR: requests mean what botocore's mean, and no quick look takes an answer for more than it says."""

from __future__ import annotations

import base64
import json
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
import cbor2
import pytest
from botocore.serialize import create_serializer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.batch import records
from connector.http_response import Response
from connector.kinesis import cbor, cbor_wire
from connector.kinesis.cbor_answers import quick_answer
from connector.kinesis.cbor_wire import CborWire
from connector.outcome import Answer, CallFailure, Outcome, Placements

SERVICE = botocore.session.get_session().get_service_model("kinesis")
PUT_RECORDS = SERVICE.operation_model("PutRecords")
ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/flights"
WIRE = CborWire("flights")

keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)
values = st.one_of(st.binary(max_size=50), st.sampled_from([23, 24, 255, 256, 65_535, 65_536]).map(bytes))
hash_keys = st.integers(0, (1 << 128) - 1).map(str)
contents = st.lists(st.tuples(keys, values, hash_keys), min_size=1, max_size=30)


@settings(max_examples=80, deadline=None)
@given(contents, st.sampled_from(["flights", ARN]), st.sampled_from(["none", "fixed", "own"]), st.integers(0, 30))
def test_a_body_means_what_botocores_means(content, stream, hashed, cut):
    fixed = content[0][2]
    explicit = [
        {"none": {}, "fixed": {"ExplicitHashKey": fixed}, "own": {"ExplicitHashKey": own}}[hashed]
        for _, _, own in content
    ]
    parameters = {
        "StreamARN" if stream == ARN else "StreamName": stream,
        "Records": [
            {"PartitionKey": key, "Data": data, **hash_key}
            for (key, data, _), hash_key in zip(content, explicit, strict=True)
        ],
    }
    theirs: dict[str, Any] = json.loads(create_serializer("json").serialize_to_request(parameters, PUT_RECORDS)["body"])
    for record in theirs["Records"]:
        record["Data"] = base64.b64decode(record["Data"])
    own = [own for _, _, own in content] if hashed == "own" else None
    wire = CborWire(stream, fixed if hashed == "fixed" else None)
    whole = records([key.encode() for key, _, _ in content], [data for _, data, _ in content], (), own)
    parts = [part for part in whole.split(cut) if part.keys]
    ours = wire.encode(parts)
    assert cbor2.loads(ours) == theirs
    # What comes back is sent again.
    assert [data for part in reversed(parts) for data in reversed(part.data)] == whole.data[::-1]
    assert wire.encode(parts) == wire.encode(parts) == ours


@given(contents, st.booleans(), st.data())
def test_what_was_refused_is_taken_out_with_its_data_and_so_may_the_rest_be(content, named, draw):
    own = [own for _, _, own in content] if named else None
    whole = records([key.encode() for key, _, _ in content], [data for _, data, _ in content], range(len(content)), own)
    indices = sorted(draw.draw(st.sets(st.integers(0, len(content) - 1), max_size=4)))
    rest = whole.select([index for index in range(len(content)) if index not in indices])
    refused, sent = whole.select(indices), whole.select(range(len(content)))
    WIRE.encode([records([b"before"], [b"it"], [0]), sent])
    assert sent.take_out(indices) == refused
    assert sent.data == rest.data
    assert sent == rest


def test_what_has_left_holds_no_data_but_the_body():
    values = [bytes(100) + bytes([n]) for n in range(3)]
    part = records([b"a", b"b", b"c"], list(values), range(3))
    held = sys.getrefcount(values[0])
    WIRE.encode([part])
    left = sys.getrefcount(values[0])
    assert left == held - 1
    assert part.data == values


@pytest.mark.parametrize("count", [1, 23, 24, 255, 256, 500])
def test_any_number_of_records_is_written(count: int):
    body = cbor2.loads(WIRE.encode([records([b"k"] * count, [b"x"] * count, ())]))
    assert body == {"StreamName": "flights", "Records": [{"Data": b"x", "PartitionKey": "k"}] * count}


def test_what_no_call_can_hold_is_not_written():
    with pytest.raises(ValueError, match="more than any call holds"):
        cbor.head(2 << 5, 1 << 32)


# What services write differs in the order of members, and in whether maps and arrays tell their length (Jackson's, of
# the JVM, do not).


def closed(item: object) -> bytes:
    return cbor2.dumps(item)


def opened_maps(item: object) -> bytes:
    if isinstance(item, Mapping):
        return b"\xbf" + b"".join(cbor2.dumps(name) + opened_maps(value) for name, value in item.items()) + b"\xff"
    if isinstance(item, list):
        return cbor.head(4 << 5, len(item)) + b"".join(map(opened_maps, item))
    return cbor2.dumps(item)


def opened(item: object) -> bytes:
    if isinstance(item, Mapping):
        return b"\xbf" + b"".join(opened(name) + opened(value) for name, value in item.items()) + b"\xff"
    if isinstance(item, list):
        return b"\x9f" + b"".join(map(opened, item)) + b"\xff"
    return cbor2.dumps(item)


SPELLINGS = [closed, opened_maps, opened]
spellings = st.sampled_from(SPELLINGS)
Spelling = Callable[[object], bytes]


def number(value: int, length: int = 56) -> str:
    return f"{value:0{length}d}"


numbers = st.one_of(
    st.integers(0, 10**56 - 1).map(number),
    st.integers(0, 10**9).flatmap(lambda value: st.sampled_from([9, 55, 57, 64]).map(lambda n: number(value, n))),
    st.sampled_from([None, 7, "", "x" * 56, b"1" * 56]),
)
usual_numbers = st.integers(0, 10**56 - 1).map(number)
shards = st.one_of(
    st.integers(0, 10**12 - 1).map(lambda value: f"shardId-{value:012d}"),
    st.sampled_from([None, "", "shardId-0", "shardId-0000000000000", "x" * 20]),
)
usual_shards = st.integers(0, 10**12 - 1).map(lambda value: f"shardId-{value:012d}")
codes = st.sampled_from(["InternalFailure", "ProvisionedThroughputExceededException", "x", "", None, 5])
texts = st.sampled_from(["", "Rate exceeded for shard shardId-000000000012 in stream flights.", None])
usual = st.fixed_dictionaries({"SequenceNumber": usual_numbers, "ShardId": usual_shards})
beside = st.fixed_dictionaries({"SequenceNumber": usual_numbers, "ShardId": usual_shards, "ErrorCode": codes})
failed = st.fixed_dictionaries({"ErrorCode": codes, "ErrorMessage": texts})
refused = st.fixed_dictionaries(
    {
        "ErrorCode": st.sampled_from(["InternalFailure", "ProvisionedThroughputExceededException"]),
        "ErrorMessage": st.sampled_from(
            ["", "Rate exceeded for shard shardId-000000000012 in stream flights under account 1.", "ä" * 200]
        ),
    }
)
odd = st.fixed_dictionaries(
    {},
    optional={
        "SequenceNumber": numbers,
        "ShardId": shards,
        "ErrorCode": codes,
        "ErrorMessage": texts,
        "EncryptionType": st.just("KMS"),
    },
).flatmap(lambda result: st.permutations(list(result.items())).map(dict))
small: st.SearchStrategy[Any] = st.sampled_from([None, {}, [], "x", 5])
ends = st.sampled_from([slice(0, 0), slice(9, 9), slice(None), slice(-1, None), slice(0, 1), slice(1, 2)])


@st.composite
def results(draw: st.DrawFn) -> list[Any]:
    """Usual results, and often odd ones before, between or behind them or in their place."""
    found: list[Any] = draw(st.lists(st.one_of(usual, usual, refused), min_size=1, max_size=8))
    if draw(st.booleans()):
        found[draw(ends)] = [draw(st.one_of(usual, beside, failed, odd, small))]
    return found


@st.composite
def bodies(draw: st.DrawFn, kind: st.SearchStrategy[list[Any]]) -> tuple[bytes, int]:
    """Write an answer, and tell to how many records."""
    content = draw(kind)
    members: dict[str, Any] = {"Records": content}
    if draw(st.booleans()):
        members |= {"FailedRecordCount": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        members |= {"EncryptionType": "KMS"}
    order = draw(st.permutations(list(members)))
    count = len(content) + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
    return draw(spellings)({name: members[name] for name in order}), max(1, count)


def response(body: bytes, status: int = 200, content_type: str = CborWire.content_type, **headers: str) -> Response:
    return Response(status, {"content-type": content_type, **headers}, body)


def slowly(body: bytes, count: int) -> Outcome:
    """Read an answer without the quick look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cbor_wire, "quick_answer", lambda *_: None)
        return WIRE.decode(response(body), count)


def agrees(body: bytes, count: int) -> None:
    """See that the quick look says nothing, or what the slow one says."""
    quick, slow = quick_answer(body, count), slowly(body, count)
    if quick is None:
        return
    assert quick == slow


@settings(max_examples=400)
@given(bodies(results()))
def test_an_answer_means_the_same_at_a_quick_look(answer: tuple[bytes, int]):
    agrees(*answer)


@settings(max_examples=400)
@given(bodies(st.lists(usual, min_size=1, max_size=5)), st.data())
def test_a_corrupted_answer_is_never_taken_for_more_than_it_says(answer: tuple[bytes, int], data: st.DataObject):
    body, count = answer
    at = data.draw(st.integers(0, len(body) - 1))
    changed = data.draw(
        st.one_of(
            st.integers(0, 255).map(lambda byte: body[:at] + bytes([byte]) + body[at + 1 :]),
            st.just(body[:at]),
            st.just(body[:at] + body[at + 1 :]),
            st.binary(min_size=1, max_size=150).map(lambda more: body[:at] + more + body[at:]),
            st.integers(0, len(body)).map(lambda other: body[:at] + body[other:]),
        )
    )
    quick = quick_answer(changed, count)
    if quick is None:
        return
    outcome = slowly(changed, count)
    # Where the rest cannot be decoded each record that the quick look found has a number and a shard all the same.
    assume(isinstance(outcome, Answer))
    agrees(changed, count)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("count", [1, 2, 3, 24, 500])
def test_the_usual_answer_is_read_at_a_quick_look(spelling: Spelling, count: int):
    content = [{"SequenceNumber": number(n), "ShardId": f"shardId-{n % 4:012d}"} for n in range(count)]
    body = spelling({"FailedRecordCount": 0, "EncryptionType": "KMS", "Records": content})
    quick = quick_answer(body, count)
    assert quick is not None
    assert quick == slowly(body, count)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("refused_at", [[0], [2], [4], [0, 1], [1, 3], [0, 1, 2, 3, 4]])
def test_refused_records_are_read_at_a_quick_look_as_well(spelling: Spelling, refused_at: list[int]):
    message = "Rate exceeded for shard shardId-000000000007 in stream flights under account 111122223333."
    content: list[dict[str, str]] = [
        {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message}
        if index in refused_at
        else {"SequenceNumber": number(index), "ShardId": "shardId-000000000001"}
        for index in range(5)
    ]
    body = spelling({"FailedRecordCount": len(refused_at), "Records": content})
    quick = quick_answer(body, 5)
    assert quick is not None
    assert quick == slowly(body, 5)
    assert quick.placements is not None
    assert [quick.placements.shards[index] for index in refused_at] == [b"shardId-000000000007"] * len(refused_at)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("code", ["x", "InternalFailure", "ProvisionedThroughputExceededException"])
def test_a_number_beside_an_error_proves_nothing(spelling: Spelling, at: int, code: str):
    content: list[dict[str, object]] = [
        {"SequenceNumber": number(n), "ShardId": "shardId-000000000000"} for n in range(3)
    ]
    content[at]["ErrorCode"] = code
    outcome = WIRE.decode(response(spelling({"Records": content})), 3)
    assert isinstance(outcome, Answer)
    assert outcome.refusals == {at: code}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_answer_tells_which_records_failed_and_the_shard_that_a_throttle_names(spelling: Spelling):
    throttled = "Rate exceeded for shard shardId-000000000012 in stream flights under account 111122223333."
    content = [
        {"SequenceNumber": "7", "ShardId": "shardId-000000000003"},
        {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."},
        {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": throttled},
    ]
    assert WIRE.decode(response(spelling({"FailedRecordCount": 2, "Records": content})), 3) == Answer(
        {1: "InternalFailure", 2: "ProvisionedThroughputExceededException"},
        Placements([number(7).encode(), b"", b""], [b"shardId-000000000003", b"", b"shardId-000000000012"]),
    )


def test_an_answer_of_a_stand_in_that_speaks_json_all_the_same_is_read():
    body = json.dumps({"Records": [{"SequenceNumber": "7", "ShardId": "s"}]}).encode()
    answer = WIRE.decode(response(body, content_type="application/x-amz-json-1.1"), 1)
    assert answer == Answer(placements=Placements([number(7).encode()], [b"s"]))


@pytest.mark.parametrize("speaks", ["cbor", "json"])
def test_an_error_is_read_whichever_wire_it_comes_by(speaks: str):
    error = {"__type": "com.amazonaws.kinesis#ExpiredTokenException", "message": "expired"}
    body = cbor2.dumps(error) if speaks == "cbor" else json.dumps(error).encode()
    outcome = WIRE.decode(response(body, 400, f"application/x-amz-{speaks}-1.1"), 1)
    assert outcome == CallFailure("ExpiredTokenException", "expired", renews_credentials=True)


def test_an_error_without_a_body_is_told_by_its_header():
    outcome = WIRE.decode(response(b"", 400, **{"x-amzn-errortype": "AccessDeniedException:http://x/"}), 1)
    assert outcome == CallFailure("AccessDeniedException", "HTTP 400", permanent=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"\xa1",
        b"\x81" * 100_000,
        b"\xbf",
        struct.pack(">BQ", 0x9B, 1 << 60),
        b"\xc0\x01",
        b"\xd8\x1d\x05",
    ],
)
def test_a_body_that_is_no_cbor_is_a_failure_that_passes(body: bytes):
    outcome = WIRE.decode(response(body), 1)
    assert isinstance(outcome, CallFailure)
    assert (outcome.code, outcome.permanent) == ("UnreadableAnswer", False)
