"""The Kinesis sink speaks CBOR while it may, and JSON where that is not understood, without a record at risk."""

from __future__ import annotations

import json
import logging
from typing import Literal

import cbor2
import pytest

from connector.batch import Partition, records
from connector.feed import CallLimits
from connector.http_response import Response
from connector.kinesis.sink import KinesisSink
from connector.outcome import Answer, CallFailure
from tests.connector.fault_server import CBOR, JSON, FaultServer
from tests.connector.in_memory import Assembly, FixedAccess, MemorySource, lost, out_of_order, running, settled
from tests.connector.processes import until

ONE = records([b"k"], [b"x"], ())
TAKEN = {"Records": [{"SequenceNumber": "7", "ShardId": "shardId-000000000000"}]}
Wire = Literal["auto", "cbor", "json"]


def new_sink(wire: Wire = "auto") -> KinesisSink:
    return KinesisSink("flights", FixedAccess("http://localhost:1", None), CallLimits(500, 5 << 20), wire=wire)


def spoken(sink: KinesisSink) -> str:
    """Send a call; tell its content type."""
    head, body = sink.request([ONE])
    (line,) = [line for line in head.decode().split("\r\n") if line.startswith("Content-Type: ")]
    content_type = line.removeprefix("Content-Type: ")
    assert (cbor2.loads(body) if content_type == CBOR else json.loads(body))["StreamName"] == "flights"
    return content_type


def answered(content: object, status: int = 200, content_type: str = JSON) -> Response:
    body = cbor2.dumps(content) if content_type == CBOR else json.dumps(content).encode()
    return Response(status, {"content-type": content_type}, body)


NOT_UNDERSTOOD = [
    answered({"__type": "SerializationException"}, 400),
    answered({"__type": "com.amazon.coral.service#UnknownOperationException"}, 404),
    answered({"__type": "UnsupportedMediaTypeException"}, 415),
    Response(415, {}, b""),
]


@pytest.mark.parametrize("refusal", NOT_UNDERSTOOD)
def test_an_endpoint_that_does_not_understand_cbor_is_spoken_to_in_json_and_the_log_says_so_once(
    refusal: Response, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    sink = new_sink()
    assert spoken(sink) == CBOR
    outcome = sink.outcome(refusal, 1)
    assert isinstance(outcome, CallFailure)
    assert not outcome.permanent
    assert not outcome.refuses_content
    assert spoken(sink) == JSON
    assert isinstance(sink.outcome(answered(TAKEN), 1), Answer)
    assert spoken(sink) == JSON
    assert sum("does not understand CBOR" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("refusal", NOT_UNDERSTOOD)
def test_calls_that_were_under_way_at_the_fallback_are_no_fault_of_their_records(refusal: Response):
    sink = new_sink()
    assert [spoken(sink) for _ in range(3)] == [CBOR] * 3
    for _ in range(3):
        outcome = sink.outcome(refusal, 1)
        assert isinstance(outcome, CallFailure)
        assert not outcome.permanent
        assert not outcome.refuses_content
    assert spoken(sink) == JSON
    outcome = sink.outcome(NOT_UNDERSTOOD[0], 1)
    assert isinstance(outcome, CallFailure)
    assert outcome.refuses_content, "now it is the content of a call in JSON"


def test_once_cbor_was_understood_a_refusal_is_one_of_the_content():
    sink = new_sink()
    assert [spoken(sink) for _ in range(2)] == [CBOR] * 2
    assert isinstance(sink.outcome(answered(TAKEN, content_type=CBOR), 1), Answer)
    outcome = sink.outcome(NOT_UNDERSTOOD[0], 1)
    assert isinstance(outcome, CallFailure)
    assert outcome.refuses_content
    assert spoken(sink) == CBOR


def test_failures_that_pass_leave_the_question_open():
    sink = new_sink()
    for failure in (answered({"__type": "InternalFailure"}, 500), answered({"__type": "ExpiredTokenException"}, 400)):
        assert spoken(sink) == CBOR
        assert isinstance(sink.outcome(failure, 1), CallFailure)
    assert spoken(sink) == CBOR
    sink.outcome(NOT_UNDERSTOOD[0], 1)
    assert spoken(sink) == JSON


@pytest.mark.parametrize(("wire", "says"), [("cbor", CBOR), ("json", JSON)])
def test_a_wire_that_is_named_is_kept(wire: Wire, says: str):
    sink = new_sink(wire)
    assert spoken(sink) == says
    outcome = sink.outcome(NOT_UNDERSTOOD[0], 1)
    assert isinstance(outcome, CallFailure)
    assert outcome.refuses_content
    assert spoken(sink) == says


def test_a_whole_route_falls_back_on_the_run_and_loses_nothing(server: FaultServer):
    server.speaks_cbor = False
    # Calls of one record each, so that a refusal would look like the record's fault.
    source = MemorySource([[b"%d" % number for number in range(60)] for _ in range(2)], server)
    with running(Assembly(source, records=1)) as assembly:
        until(lambda: settled(assembly))
    assert server.wires[CBOR] > 1
    assert server.wires[JSON] == 120
    assert source.commits == {Partition("t", 0): 60, Partition("t", 1): 60}
    assert (lost(source), out_of_order(server.taken)) == (0, 0)


def test_where_cbor_is_understood_nothing_else_is_spoken(server: FaultServer):
    source = MemorySource([[b"%d" % number for number in range(60)]], server)
    with running(Assembly(source)) as assembly:
        until(lambda: settled(assembly))
    assert set(server.wires) == {CBOR}
