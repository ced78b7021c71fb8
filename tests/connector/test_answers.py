"""Whatever an endpoint answers, it is an outcome that can be shown, and only a proper number proves a record taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import cbor2
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest

from connector.aws import failures
from connector.aws.failures import read
from connector.aws.said import message_in, name_in
from connector.feed import CallLimits
from connector.firehose.sink import FirehoseSink
from connector.http_response import Response
from connector.kinesis import answers as kinesis_answers
from connector.kinesis import cbor
from connector.kinesis.cbor_answers import quick_answer
from connector.kinesis.sink import KinesisSink
from connector.metrics import Metrics
from connector.outcome import Answer, CallFailure, Outcome
from connector.sender import Sink
from tests.connector.fault_server import CBOR, JSON
from tests.connector.in_memory import FixedAccess

ACCESS, LIMITS = FixedAccess("http://localhost:1", None), CallLimits(500, 10 << 20)
STREAM, DELIVERY = KinesisSink("flights", ACCESS, LIMITS), FirehoseSink("archive", ACCESS, LIMITS)
TOKEN = "IQoJb3JpZ2luX2VjEPLANTED"


@dataclass(frozen=True, repr=False)
class Raw:
    """Bytes that no encoder writes, and what stands for them in JSON."""

    cbor: bytes
    json: str


SURROGATE = "\ud800x"
NULL = Raw(b"\xf7", "null")
ODD = [
    Raw(cbor2.dumps(10**6000), "1" + "0" * 6000),
    Raw(cbor2.dumps(-(10**6000)), "-1" + "0" * 6000),
    Raw(cbor2.dumps(Decimal("1.5")), "1.5"),
    Raw(cbor2.dumps(datetime(2026, 1, 31, tzinfo=UTC)), "2026"),
    Raw(cbor2.dumps(b"1" * 56), "1" * 56),
    Raw(b"\x81" * 3000 + b"\x00", "[" * 3000 + "]" * 3000),
    Raw(b"\x9b" + b"\x7f" * 8, "1e999999999"),
    Raw(b"\xd8\x1e\x82\x01\x00", "NaN"),  # a fraction of 1 and 0
    Raw(b"\xd8\x23\x61(", "-Infinity"),  # a pattern that is none
    Raw(b"\xd8\x1c\x81\xd8\x1d\x00", "[[]]"),  # a list that holds itself
    Raw(b"\xa1\xa1\x01\x02\x03", '{"":{}}'),
    NULL,
    Raw(b"\xd9\xff\xff\x01", "true"),
]


def in_cbor(item: Any) -> bytes:
    if isinstance(item, Raw):
        return item.cbor
    if isinstance(item, Mapping):
        return cbor.head(5 << 5, len(item)) + b"".join(in_cbor(each) for pair in item.items() for each in pair)
    if isinstance(item, list):
        return cbor.head(4 << 5, len(item)) + b"".join(map(in_cbor, item))
    if isinstance(item, str):
        encoded = item.encode(errors="surrogatepass")
        return cbor.head(3 << 5, len(encoded)) + encoded
    return cbor2.dumps(item)


def in_json(item: Any) -> bytes:
    if isinstance(item, Raw):
        return item.json.encode()
    if isinstance(item, Mapping):
        return b"{%b}" % b",".join(json.dumps(str(key)).encode() + b":" + in_json(item[key]) for key in item)
    if isinstance(item, list):
        return b"[%b]" % b",".join(map(in_json, item))
    return json.dumps(item).encode()


SPELLINGS: dict[str, Callable[[Any], bytes]] = {CBOR: in_cbor, JSON: in_json}

texts = st.text(st.characters(codec="utf-8"), max_size=9)
values = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from([None, True, -1, 2.5, "", "7", "9" * 56, "9" * 57, "9" * 130, "\u0667", "x" * 5000, SURROGATE]),
    texts,
)
anything = st.one_of(values, values, st.lists(values, max_size=3), st.dictionaries(texts, values, max_size=3))


Path = tuple[str | int, ...]


def paths(content: Any, before: Path = ()) -> list[Path]:
    """Name every place of an answer, the whole one as well."""
    inner = (
        list(content.items())
        if isinstance(content, dict)
        else list(enumerate(content))
        if isinstance(content, list)
        else []
    )
    return [before, *(path for key, each in inner for path in paths(each, (*before, key)))]


def put(content: Any, path: Path, value: Any) -> Any:
    """Put a value into the place of another."""
    if not path:
        return value
    if isinstance(content, dict):
        return {key: put(each, path[1:], value) if key == path[0] else each for key, each in content.items()}
    if isinstance(content, list):
        return [put(each, path[1:], value) if key == path[0] else each for key, each in enumerate(content)]
    return content


THROTTLED = "Rate exceeded for shard shardId-000000000012 in stream flights."
RESULTS = [
    {"SequenceNumber": "7" * 56, "ShardId": "shardId-000000000001", "RecordId": "id", "ErrorCode": None},
    {"ErrorCode": "InternalFailure", "ErrorMessage": THROTTLED, "SequenceNumber": None, "RecordId": None},
    {"SequenceNumber": "8" * 56, "ShardId": "shardId-000000000002", "RecordId": "id"},
]
FAILED = {"__type": "com.amazonaws.kinesis#ExpiredTokenException", "code": "x", "message": "m", "Message": "n"}


@st.composite
def answers(draw: st.DrawFn) -> Any:
    """An answer as services give it, but for some places where anything may stand."""
    content: Any = {"Records": RESULTS, "RequestResponses": RESULTS, **FAILED}
    for _ in range(draw(st.integers(0, 3))):
        content = put(content, draw(st.sampled_from(paths(content))), draw(anything))
    return content


def is_shown(text: str) -> bool:
    """Tell whether a text may go into a log, a label and a page."""
    return 0 < len(text) <= 300 and text.isprintable() and text.encode().decode() == text


def proven(content: Any, member: str, index: int) -> Any:
    """Return what proves a record taken, if the answer holds it and no error beside it."""
    result = content[member][index]
    proof = result.get("SequenceNumber" if member == "Records" else "RecordId")
    return proof if isinstance(proof, str) and result.get("ErrorCode") in (None, NULL) else None


@settings(max_examples=600, deadline=None)
@given(
    answers(),
    st.sampled_from([200, 200, 200, 400, 403, 413, 500]),
    st.sampled_from([(STREAM, CBOR), (STREAM, JSON), (DELIVERY, JSON)]),
    texts,
)
def test_nothing_but_an_outcome_comes_of_an_answer(content: Any, status: int, sink: tuple[Sink, str], header: str):
    response = Response(status, {"content-type": sink[1], "x-amzn-errortype": header}, SPELLINGS[sink[1]](content))
    count = len(RESULTS)
    outcome = sink[0].outcome(response, count)
    event(type(outcome).__name__)
    if isinstance(outcome, CallFailure):
        assert is_shown(outcome.code)
        assert is_shown(outcome.message)
        return
    assert status == 200
    refusals = outcome.refusals
    assert set(refusals) <= set(range(count))
    assert all(map(is_shown, refusals.values()))
    member = "Records" if sink[0] is STREAM else "RequestResponses"
    proofs = [proven(content, member, index) if index not in refusals else "" for index in range(count)]
    assert all(proof is not None for proof in proofs)
    if outcome.placements is None:
        return
    for index, (number, shard, proof) in enumerate(zip(*outcome.placements, proofs, strict=True)):
        assert number == b"" if index in refusals else (number.decode() == proof.zfill(56) and number.isdigit())
        assert shard == b"" or is_shown(shard.decode())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([200, 400]), st.sampled_from([CBOR, JSON]))
def test_nothing_but_an_outcome_comes_of_bytes_that_are_no_answer(body: bytes, status: int, wire: str):
    for sink in (STREAM, DELIVERY):
        assert isinstance(sink.outcome(Response(status, {"content-type": wire}, body), 1), CallFailure)


@pytest.mark.parametrize("place", ["ShardId", "ErrorMessage", "__type", "message"])
@pytest.mark.parametrize("odd", [*ODD, SURROGATE])
@pytest.mark.parametrize("wire", [CBOR, JSON])
def test_no_odd_value_ends_the_process_or_the_metrics(place: str, odd: Raw | str, wire: str):
    result = {"SequenceNumber": "7"} if place == "ShardId" else {"ErrorCode": "x"}
    content: dict[str, Any] = {"Records": [{**result, place: odd}]} if place[0] in "SE" else {place: odd}
    response = Response(200 if "Records" in content else 400, {"content-type": wire}, SPELLINGS[wire](content))
    outcome = STREAM.outcome(response, 1)
    metrics = Metrics("r")
    metrics.describe(source="a", sink="b", ordering="key")
    if isinstance(outcome, CallFailure):
        metrics.call_failed(outcome)
    else:
        assert outcome.placements is not None
        metrics.inverted(outcome.placements.shards[0].decode(), 1)
    assert generate_latest(metrics.registry)


USUAL_NUMBER, USUAL_SHARD = b"4" * 56, b"shardId-000000000001"


def spelt(number: bytes, shard: bytes) -> bytes:
    """Write an answer to two records as the service does, the second one with these."""
    written = [
        b"\xa2nSequenceNumberx8" + each + b"gShardIdt" + place
        for each, place in [(USUAL_NUMBER, USUAL_SHARD), (number, shard)]
    ]
    return b"\xa1gRecords\x82" + b"".join(written)


@pytest.mark.parametrize("number", [b"x" * 56, b"4" * 55 + b" ", b"4" * 55 + b"\x00", b"-" + b"4" * 55])
def test_a_quick_look_takes_only_digits_for_a_number(number: bytes):
    assert quick_answer(spelt(USUAL_NUMBER, USUAL_SHARD), 2) is not None
    body = spelt(number, USUAL_SHARD)
    assert quick_answer(body, 2) is None
    outcome = STREAM.outcome(Response(200, {"content-type": CBOR}, body), 2)
    assert isinstance(outcome, Answer)
    assert outcome.refusals == {1: "UnreadableResult"}


def test_without_the_look_at_its_digits_anything_would_prove_a_record_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kinesis_answers, "_is_number", lambda _: True)
    outcome = STREAM.outcome(Response(200, {"content-type": CBOR}, spelt(b"x" * 56, USUAL_SHARD)), 2)
    assert isinstance(outcome, Answer)
    assert outcome.refusals == {}


@pytest.mark.parametrize(("number", "shard"), [(b"\xff" * 56, USUAL_SHARD), (USUAL_NUMBER, b"shardId-" + b"\xff" * 12)])
def test_a_quick_look_takes_no_text_that_cannot_be_read(number: bytes, shard: bytes):
    body = spelt(number, shard)
    assert quick_answer(body, 2) is None
    outcome = STREAM.outcome(Response(200, {"content-type": CBOR}, body), 2)
    assert isinstance(outcome, CallFailure)
    assert outcome.code == "UnreadableAnswer"


def test_a_refusal_is_not_shown_by_a_code_that_is_none():
    written = b"\xa2iErrorCodeda\nbclErrorMessagex\x00"
    assert quick_answer(b"\xa1gRecords\x81" + written, 1) is None
    outcome = STREAM.outcome(Response(200, {"content-type": CBOR}, b"\xa1gRecords\x81" + written), 1)
    assert isinstance(outcome, Answer)
    assert outcome.refusals == {0: "UnreadableResult"}


def test_what_a_decoder_fails_at_is_an_answer_that_cannot_be_read():
    def decode(response: Response, count: int) -> Outcome:
        raise ZeroDivisionError(f"{response.status} of {count}\nand more")

    assert read(decode, Response(200, {}, b""), 7) == CallFailure(
        "UnreadableAnswer", "HTTP 200, but ZeroDivisionError: 200 of 7"
    )


FIRST_LINE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method."
)
CANONICAL = (
    FIRST_LINE + "{0}{0}The Canonical String for this request should have been{0}'POST{0}/{0}{0}"
    "content-type:application/x-amz-json-1.1{0}host:h{0}x-amz-date:20260131T000000Z{0}"
    f"x-amz-security-token:{TOKEN}{{0}}x-amz-target:Firehose_20150804.PutRecordBatch{{0}}'"
)

EXPIRED = "The security token included in the request is expired"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (CANONICAL.format("\n"), FIRST_LINE),
        (f"  \n{CANONICAL.format(chr(10))}", FIRST_LINE),
        (f"the token x-amz-security-token:{TOKEN} is odd", "the token x-amz-security-token:*** is odd"),
        (f"X-Amz-Security-Token={TOKEN}&x=1", "X-Amz-Security-Token=***&x=1"),
        (f'{{"SessionToken": "{TOKEN}"}}', '{"SessionToken": "***"}'),
        ("Credential=AKIDEXAMPLE/20260131/eu-west-1, Signature=1", "Credential=***, Signature=1"),
        ("the key ASIAIOSFODNN7EXAMPLE is unknown", "the key *** is unknown"),
        (f"the token {'Zm9v' * 100} is odd", "the token *** is odd"),
        (
            "The security token included in the request is expired",
            "The security token included in the request is expired",
        ),
        ("x" * 140 + " " + "y" * 140 + " " + "z" * 140, "x" * 140 + " " + "y" * 140 + " " + "z" * 17 + "…"),
        ("a\tb\x00c\ud800", "a?b?c?"),
        ("", ""),
        (None, ""),
        (7, ""),
        (b"x", ""),
    ],
)
def test_a_message_is_shown_abridged_and_without_secrets(said: object, shown: str):
    assert message_in(said) == shown
    assert len(shown) <= 300


def test_an_arn_as_long_as_any_is_shown():
    arn = f"arn:aws:sts::111122223333:assumed-role/{'r' * 64}/{'s' * 64}"
    assert message_in(f"User: {arn} is not authorized") == f"User: {arn} is not authorized"


@pytest.mark.parametrize(
    ("said", "shown"),
    [("ThrottlingException", "ThrottlingException"), ("x" * 128, "x" * 128), ("x" * 129, ""), ("a\nb", ""), (7, "")],
)
def test_a_name_is_one_or_nothing(said: object, shown: str):
    assert name_in(said) == shown


def test_a_message_that_is_not_abridged_would_show_the_token(monkeypatch: pytest.MonkeyPatch):
    response = Response(403, {}, json.dumps({"message": CANONICAL.format("\n")}).encode())
    outcome = DELIVERY.outcome(response, 1)
    assert isinstance(outcome, CallFailure)
    assert TOKEN not in outcome.message
    monkeypatch.setattr(failures, "message_in", str)
    outcome = DELIVERY.outcome(response, 1)
    assert isinstance(outcome, CallFailure)
    assert TOKEN in outcome.message
