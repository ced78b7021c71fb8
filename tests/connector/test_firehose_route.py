"""The whole engine on Firehose, a message a record, against a server that misbehaves; packed lines have their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest

from connector.config import ConnectorConfig
from connector.feed import CallLimits
from connector.firehose.sink import FirehoseSink
from connector.http_response import Response
from connector.outcome import Answer, Outcome
from connector.sender import Sink
from tests.connector.fault_server import THROTTLED, FaultServer
from tests.connector.in_memory import (
    TOO_LATE,
    Assembly,
    MemorySource,
    lost,
    out_of_order,
    place,
    random_faults,
    repeated_keys,
    route_config,
    running,
    settled,
)
from tests.connector.processes import until

PARTITIONS, RECORDS = 2, 300


@dataclass
class Messages(Assembly):
    """Messages in records of Firehose, one each."""

    def new_sink(self, limits: CallLimits) -> Sink:
        return FirehoseSink("archive", self.access, limits)

    def new_config(self) -> ConnectorConfig:
        return route_config(sink={"kind": "firehose", "delivery_stream": "archive"})


def play(seed: int, *, ordered: bool = True) -> tuple[Messages, FaultServer]:
    with FaultServer() as server:
        server.plan = random_faults(seed, server)
        source = MemorySource([repeated_keys(Random(seed + n), RECORDS, 60) for n in range(PARTITIONS)], server)
        assembly = Messages(source, ordered=ordered, request_timeout=TOO_LATE / 2)
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    return assembly, server


def out_of_key_order(assembly: Assembly, server: FaultServer) -> int:
    """Count as `out_of_order` does, by the keys of the source: Firehose has no room for them."""
    keys = assembly.source.partitions
    places = [place(taken) for taken in server.taken]
    return out_of_order(
        [replace(taken, key=str(keys[n][offset])) for taken, (n, offset) in zip(server.taken, places, strict=True)]
    )


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_and_each_key_is_in_order_through_partial_failures_throttles_timeouts_and_resets(seed: int):
    assembly, server = play(seed)
    assert lost(assembly.source) == 0
    assert all(taken.data.count(b"\n") == 1 and taken.data.endswith(b"\n") for taken in server.taken)
    assert out_of_key_order(assembly, server) == 0
    assert assembly.source.ahead == 0
    assert assembly.sample("records_acknowledged_total") == PARTITIONS * RECORDS
    assert assembly.engine.buffered == 0
    # Calls that succeeded, with FailedPutCount above 0.
    assert assembly.sample("records_failed_total", code="InternalFailure") > 0
    assert assembly.sample("records_throttled_total") > 0
    assert {"cut-after", "InternalFailure", THROTTLED} <= set(server.happened)
    assert assembly.sample("calls_failed_total", code="RequestTimeout") > 0


def test_without_ordering_the_same_faults_break_the_order_of_keys():
    assembly, server = play(1, ordered=False)
    assert lost(assembly.source) == 0
    assert out_of_key_order(assembly, server) > 0


def test_failures_of_single_records_that_nobody_reads_would_be_losses(monkeypatch: pytest.MonkeyPatch):
    # Peers: kinesis-kafka-connector #83, fluent-bit #3904, vector #12835, #16703, lambda-streams-to-firehose #37.
    original = FirehoseSink.outcome

    def outcome(self: FirehoseSink, response: Response, count: int) -> Outcome:
        found = original(self, response, count)
        return Answer() if isinstance(found, Answer) else found

    monkeypatch.setattr(FirehoseSink, "outcome", outcome)
    assembly, _ = play(1)
    assert lost(assembly.source) > 0
    assert assembly.source.ahead > 0
