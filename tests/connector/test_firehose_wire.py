"""PutRecordBatch: our requests and answers mean what botocore's mean."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.firehose import wire
from connector.firehose.wire import CONTENT_TYPE, TARGET, BatchWire
from connector.http_response import Response
from connector.outcome import Answer, CallFailure

PUT_RECORD_BATCH = botocore.session.get_session().get_service_model("firehose").operation_model("PutRecordBatch")
WIRE = BatchWire("local-archive")


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.from_regex(r"[a-zA-Z0-9_.-]{1,64}", fullmatch=True))
def test_a_body_means_what_botocores_means(data: list[bytes], name: str):
    parameters = {"DeliveryStreamName": name, "Records": [{"Data": each} for each in data]}
    theirs = create_serializer("json").serialize_to_request(parameters, PUT_RECORD_BATCH)
    assert json.loads(BatchWire(name).encode(data)) == json.loads(theirs["body"])
    assert theirs["headers"]["Content-Type"] == CONTENT_TYPE
    assert theirs["headers"]["X-Amz-Target"] == TARGET


def response(content: object, status: int = 200, **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
    return Response(status, headers, body)


def said(*results: object, failed: int = 0) -> dict[str, Any]:
    return {"FailedPutCount": failed, "Encrypted": False, "RequestResponses": list(results)}


identifiers = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
taken = st.fixed_dictionaries({"RecordId": st.one_of(identifiers, st.from_regex(r"[A-Za-z0-9+/=]+", fullmatch=True))})
codes = st.from_regex(r"[A-Za-z]{1,40}", fullmatch=True)
failed = st.fixed_dictionaries({"ErrorCode": codes, "ErrorMessage": identifiers})
spellings = st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])


@settings(max_examples=200)
@given(st.lists(st.one_of(taken, failed), min_size=1, max_size=6), spellings, st.permutations(range(3)))
def test_an_answer_means_what_botocores_parser_reads(results, separators, order):
    members = list(said(*results, failed=sum("ErrorCode" in each for each in results)).items())
    body = json.dumps(dict(members[place] for place in order), separators=separators).encode()
    shape: Any = PUT_RECORD_BATCH.output_shape
    parsed = create_parser("json").parse({"status_code": 200, "headers": {}, "body": body}, shape)
    codes = [each.get("ErrorCode") for each in parsed["RequestResponses"]]
    expected = Answer({index: code for index, code in enumerate(codes) if code})
    assert WIRE.decode(response(body), len(results)) == expected


def test_the_usual_answer_is_proven_without_decoding_its_results(monkeypatch: pytest.MonkeyPatch):
    body = response(said(*({"RecordId": f"id-{number}"} for number in range(500))))
    decoded = []

    def loads(text: bytes) -> Any:
        decoded.append(len(text))
        return json.JSONDecoder().decode(text.decode())

    monkeypatch.setattr("connector.firehose.wire.json", SimpleNamespace(loads=loads))
    assert WIRE.decode(body, 500) == Answer()
    assert sum(decoded) < 100


@given(st.data(), st.integers(1, 4))
def test_an_answer_that_was_tampered_with_is_never_taken_for_more_than_it_says(data, count):
    """The quick proof agrees with the decoded answer whatever a byte is turned into, added or left out."""
    body = bytearray(response(said(*({"RecordId": f"id{number}"} for number in range(count)))).body)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 2))] = data.draw(st.sampled_from([b"", b'"', b"\\", b"}", b"x"]))
    asked = data.draw(st.integers(1, 5))
    quick = wire._says_all_taken(bytes(body), asked)
    try:
        results = json.loads(bytes(body))["RequestResponses"]
        held = len(results) == asked and all(set(each) == {"RecordId"} and each["RecordId"] for each in results)
    except (ValueError, KeyError, TypeError):
        held = False
    assert held or not quick


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({}, "UnreadableResult"),
        ({"RecordId": None}, "UnreadableResult"),
        ({"RecordId": ""}, "UnreadableResult"),
        ({"RecordId": 7}, "UnreadableResult"),
        ({"RecordId": "7", "ErrorCode": ""}, "UnreadableResult"),
        ({"RecordId": "7", "ErrorCode": 5}, "UnreadableResult"),
        ({"RecordId": "7", "ErrorCode": "InternalFailure"}, "InternalFailure"),
        ({"ErrorCode": "ServiceUnavailableException"}, "ServiceUnavailableException"),
        ({"ErrorCode": "NeverHeardOf"}, "NeverHeardOf"),
    ],
)
def test_only_a_record_id_without_an_error_tells_that_a_record_was_taken(count, result, code):
    answer = response(said({"RecordId": "8"}, result, failed=count))
    assert WIRE.decode(answer, 2) == Answer({1: code})


@pytest.mark.parametrize(
    "content",
    [{}, [], b"", b"x", said(), said({"RecordId": "1"}, {"RecordId": "2"}), said(None), {"RequestResponses": 1}],
)
def test_an_answer_that_does_not_fit_is_never_taken_for_success(content):
    outcome = WIRE.decode(response(content), 1)
    assert isinstance(outcome, CallFailure)
    assert not outcome.permanent


@pytest.mark.parametrize(
    ("status", "code", "permanent", "content"),
    [
        (503, "ServiceUnavailableException", False, False),
        (500, "InternalFailure", False, False),
        (400, "ThrottlingException", False, False),
        (400, "InvalidArgumentException", False, True),
        (400, "ResourceNotFoundException", True, False),
        (400, "InvalidSourceException", True, False),
        (400, "InvalidKMSResourceException", True, False),
        (400, "AccessDeniedException", True, False),
    ],
)
def test_failures_of_a_whole_call_pass_or_not(status, code, permanent, content):
    answer = response({"__type": f"com.amazonaws.firehose#{code}", "message": "m"}, status)
    assert WIRE.decode(answer, 1) == CallFailure(code, "m", permanent, refuses_content=content)
