"""Our own requests mean what botocore's mean."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from unittest import mock

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.http_client import Response
from connector.kinesis.signing import Credentials, Signer
from connector.kinesis.wire import TARGET, JsonWire
from connector.outcome import Answer, CallFailure

SERVICE = botocore.session.get_session().get_service_model("kinesis")
PUT_RECORDS = SERVICE.operation_model("PutRecords")
ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/flights"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
contents = st.lists(st.tuples(keys, st.binary(max_size=50)), min_size=1, max_size=8)


@settings(max_examples=60)
@given(contents, st.sampled_from(["flights", ARN]))
def test_a_body_means_what_botocores_means(content, stream):
    parameters = {
        "StreamARN" if stream == ARN else "StreamName": stream,
        "Records": [{"PartitionKey": key, "Data": data} for key, data in content],
    }
    theirs = create_serializer("json").serialize_to_request(parameters, PUT_RECORDS)
    ours = JsonWire(stream).encode([key for key, _ in content], [data for _, data in content])
    assert json.loads(ours) == json.loads(theirs["body"])
    assert JsonWire.content_type == theirs["headers"]["Content-Type"]
    assert theirs["headers"]["X-Amz-Target"] == TARGET


@settings(max_examples=60)
@given(st.binary(max_size=200), st.one_of(st.none(), st.text("abc/+=", min_size=1)), st.sampled_from(["h", "h:4567"]))
def test_a_signature_is_the_one_botocore_makes(body, token, host):
    request = AWSRequest(
        "POST", f"http://{host}/", {"Content-Type": JsonWire.content_type, "X-Amz-Target": TARGET}, body
    )
    theirs = botocore.credentials.ReadOnlyCredentials("AKIDEXAMPLE", "secret", token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(theirs, "kinesis", "eu-west-1").add_auth(request)
    signer = Signer("kinesis", "eu-west-1", host)
    text = signer.headers(body, JsonWire.content_type, TARGET, Credentials("AKIDEXAMPLE", "secret", token), NOW)
    ours = dict(line.split(": ", 1) for line in text.splitlines())
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours["X-Amz-Date"] == request.headers["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token") == request.headers.get("X-Amz-Security-Token")


def test_a_new_day_and_new_credentials_sign_with_a_new_key():
    signer = Signer("kinesis", "eu-west-1", "h")
    lines = {
        signer.headers(b"", "t", "x", Credentials("a", secret, None), NOW.replace(day=day))[-66:]
        for day in (2, 3)
        for secret in ("one", "other")
    }
    assert len(lines) == 4


def response(status: int, content: object, **headers: str) -> Response:
    return Response(status, headers, json.dumps(content).encode())


WIRE = JsonWire("flights")


def test_an_answer_without_failures_gives_the_sequence_numbers():
    answer = response(200, {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "7", "ShardId": "s"}]})
    assert WIRE.decode(answer, 1) == Answer(None, ["7"])


def test_an_answer_tells_which_records_failed():
    results = [{"SequenceNumber": "7"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "m"}]
    assert WIRE.decode(response(200, {"FailedRecordCount": 1, "Records": results}), 2) == Answer(
        [None, "InternalFailure"], ["7", ""]
    )


@pytest.mark.parametrize("said", [0, 1])
@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({}, "UnreadableResult"),
        ({"SequenceNumber": None}, "UnreadableResult"),
        ({"SequenceNumber": ""}, "UnreadableResult"),
        ({"SequenceNumber": 7}, "UnreadableResult"),
        ({"SequenceNumber": "7", "ErrorCode": ""}, "UnreadableResult"),
        ({"SequenceNumber": "7", "ErrorCode": 5}, "UnreadableResult"),
        ({"ErrorCode": ""}, "UnreadableResult"),
        ({"SequenceNumber": None, "ErrorCode": "InternalFailure"}, "InternalFailure"),
        ({"SequenceNumber": "7", "ErrorCode": "InternalFailure"}, "InternalFailure"),
    ],
)
def test_only_a_sequence_number_without_an_error_tells_that_a_record_was_taken(said, result, code):
    answer = response(200, {"FailedRecordCount": said, "Records": [{"SequenceNumber": "8", "ErrorCode": None}, result]})
    assert WIRE.decode(answer, 2) == Answer([None, code], ["8", ""])


@pytest.mark.parametrize("content", [{}, [], {"FailedRecordCount": 0, "Records": []}, {"Records": [None]}, "x"])
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
    body = json.loads(WIRE.encode(["k"], [b"\xff\xfe\xfd"]))
    assert base64.b64decode(body["Records"][0]["Data"], validate=True) == b"\xff\xfe\xfd"
