"""PutRecords in JSON: our requests mean what botocore's mean, and no answer is taken for more than it says."""

from __future__ import annotations

import base64
import json

import botocore.session
import pytest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.batch import records
from connector.http_response import Response
from connector.kinesis.json_wire import JsonWire
from connector.kinesis.wire import TARGET
from connector.outcome import Answer, CallFailure, Placements

SERVICE = botocore.session.get_session().get_service_model("kinesis")
PUT_RECORDS = SERVICE.operation_model("PutRecords")
ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/flights"

keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
hash_keys = st.integers(0, (1 << 128) - 1).map(str)
contents = st.lists(st.tuples(keys, st.binary(max_size=50), hash_keys), min_size=1, max_size=8)


@settings(max_examples=60)
@given(contents, st.sampled_from(["flights", ARN]), st.sampled_from(["none", "fixed", "own"]), st.integers(0, 8))
def test_a_body_means_what_botocores_means(content, stream, hashed, cut):
    fixed = content[0][2]
    explicit = [
        {"none": {}, "fixed": {"ExplicitHashKey": fixed}, "own": {"ExplicitHashKey": own}}[hashed]
        for *_, own in content
    ]
    parameters = {
        "StreamARN" if stream == ARN else "StreamName": stream,
        "Records": [
            {"PartitionKey": key, "Data": data, **hash_key}
            for (key, data, _), hash_key in zip(content, explicit, strict=True)
        ],
    }
    theirs = create_serializer("json").serialize_to_request(parameters, PUT_RECORDS)
    wire = JsonWire(stream, fixed if hashed == "fixed" else None)
    own = [own for _, _, own in content] if hashed == "own" else None
    whole = records([key.encode() for key, _, _ in content], [data for _, data, _ in content], (), own)
    ours = wire.encode([part for part in whole.split(cut) if part.keys])
    assert json.loads(ours) == json.loads(theirs["body"])
    assert JsonWire.content_type == theirs["headers"]["Content-Type"]
    assert theirs["headers"]["X-Amz-Target"] == TARGET


def response(status: int, content: object, **headers: str) -> Response:
    return Response(status, headers, json.dumps(content).encode())


WIRE = JsonWire("flights")


def number(value: int) -> bytes:
    """Fill a sequence number up to the length that makes all of them compare."""
    return b"%056d" % value


def test_an_answer_without_failures_gives_the_sequence_numbers_and_the_shards():
    answer = response(200, {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "7", "ShardId": "s"}]})
    assert WIRE.decode(answer, 1) == Answer(placements=Placements([number(7)], [b"s"]))


def test_an_answer_tells_which_records_failed_and_the_shard_that_a_throttle_names():
    throttled = "Rate exceeded for shard shardId-000000000012 in stream flights under account 111122223333."
    results = [
        {"SequenceNumber": "7"},
        {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."},
        {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": throttled},
    ]
    assert WIRE.decode(response(200, {"FailedRecordCount": 2, "Records": results}), 3) == Answer(
        {1: "InternalFailure", 2: "ProvisionedThroughputExceededException"},
        Placements([number(7), b"", b""], [b"", b"", b"shardId-000000000012"]),
    )


@pytest.mark.parametrize("said", [0, 1])
@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({}, "UnreadableResult"),
        ({"SequenceNumber": None}, "UnreadableResult"),
        ({"SequenceNumber": ""}, "UnreadableResult"),
        ({"SequenceNumber": 7}, "UnreadableResult"),
        ({"SequenceNumber": "-7"}, "UnreadableResult"),
        ({"SequenceNumber": "\u0667"}, "UnreadableResult"),
        ({"SequenceNumber": "7", "ErrorCode": ""}, "UnreadableResult"),
        ({"SequenceNumber": "7", "ErrorCode": 5}, "UnreadableResult"),
        ({"ErrorCode": ""}, "UnreadableResult"),
        ({"SequenceNumber": None, "ErrorCode": "InternalFailure"}, "InternalFailure"),
        ({"SequenceNumber": "7", "ErrorCode": "InternalFailure"}, "InternalFailure"),
    ],
)
def test_only_a_sequence_number_without_an_error_tells_that_a_record_was_taken(said, result, code):
    answer = response(200, {"FailedRecordCount": said, "Records": [{"SequenceNumber": "8", "ErrorCode": None}, result]})
    assert WIRE.decode(answer, 2) == Answer({1: code}, Placements([number(8), b""], [b"", b""]))


@pytest.mark.parametrize(
    "content", [{}, [], {"FailedRecordCount": 0, "Records": []}, {"Records": [None]}, {"Records": "x"}, "x", None]
)
def test_an_answer_that_does_not_fit_is_never_taken_for_success(content):
    outcome = WIRE.decode(response(200, content), 1)
    assert isinstance(outcome, CallFailure)
    assert not outcome.permanent


@pytest.mark.parametrize(
    ("status", "code", "permanent", "renews", "content"),
    [
        (400, "ProvisionedThroughputExceededException", False, False, False),
        (400, "KMSThrottlingException", False, False, False),
        (500, "InternalFailure", False, False, False),
        (503, "Whatever", False, False, False),
        (429, "Whatever", False, False, False),
        (400, "ExpiredTokenException", False, True, False),
        (400, "UnrecognizedClientException", True, True, False),
        (400, "AccessDeniedException", True, False, False),
        (400, "ResourceNotFoundException", True, False, False),
        (400, "InvalidArgumentException", False, False, True),
        (400, "ValidationException", False, False, True),
        (400, "KMSDisabledException", True, False, False),
    ],
)
def test_failures_of_a_whole_call_pass_or_not(status, code, permanent, renews, content):
    for answer in (
        response(status, {"__type": f"com.amazonaws.kinesis#{code}", "message": "m"}),
        response(status, {"message": "m"}, **{"x-amzn-errortype": f"{code}:http://example.org/"}),
    ):
        assert WIRE.decode(answer, 1) == CallFailure(code, "m", permanent, renews, content)


def test_an_error_page_of_a_proxy_is_a_failure_that_passes():
    outcome = WIRE.decode(Response(502, {}, b"<html>"), 1)
    assert outcome == CallFailure("HTTP502", "HTTP 502")


def test_data_is_standard_base64():
    body = json.loads(WIRE.encode([records([b"k"], [b"\xff\xfe\xfd"], ())]))
    assert base64.b64decode(body["Records"][0]["Data"], validate=True) == b"\xff\xfe\xfd"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_a_failure_that_passes(body):
    outcome = WIRE.decode(Response(200, {}, body), 1)
    assert isinstance(outcome, CallFailure)
    assert (outcome.code, outcome.permanent) == ("UnreadableAnswer", False)
