"""How the engine stops: in time, with everything delivered committed, and all that it holds closed."""

from __future__ import annotations

import sys
import threading
import time
from types import FrameType
from typing import Any

import pytest

from connector.batch import Batch, Partition
from tests.connector.fault_server import Fault, FaultServer
from tests.connector.in_memory import Assembly, HeldLetters, MemorySource, lost, running
from tests.connector.processes import until


def test_stopping_drains_what_is_under_way_and_commits_it(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.2)
    source = MemorySource([[b"%d" % n for n in range(100)]], server)
    with running(Assembly(source, connections=2)) as assembly:
        until(lambda: server.calls)
        assembly.engine.stop()
    handed = source.positions[Partition("t", 0)]
    assert source.commits == {Partition("t", 0): handed}
    assert source.closed


def test_a_stop_may_come_in_the_middle_of_another(server: FaultServer):
    # As the handler of a signal does that interrupts the handler of the one before.
    engine = Assembly(MemorySource([[]], server)).engine
    interrupted = []

    def interrupt(_frame: FrameType, event: str, _argument: Any) -> Any:
        interrupted.append(event)
        engine.stop()
        return interrupt

    def stop() -> None:
        sys.settrace(interrupt)
        engine.stop()

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert "line" in interrupted
    engine.run()


def test_stopping_does_not_wait_for_a_target_that_refuses(server: FaultServer):
    server.plan = lambda _: Fault(status=400, code="ResourceNotFoundException")
    with running(Assembly(MemorySource([[b"k"]], server), stop_timeout=1e6)) as assembly:
        until(lambda: assembly.circuit.state == "open")
        assembly.engine.stop()
        until(lambda: assembly.source.closed)
    assert not any(assembly.source.commits.values())


def test_what_waits_to_be_sent_again_is_delivered_before_the_stop(server: FaultServer):
    # Peers: hazelcast #24774.
    server.plan = lambda number: Fault(refused=lambda index: number == 0 and index == 3)
    source = MemorySource([[b"%d" % n for n in range(20)]], server)
    with running(Assembly(source, retry=(0.5, 0.5))) as assembly:
        until(lambda: assembly.sample("records_throttled_total"))
        assembly.engine.stop()
        until(lambda: source.closed)
    assert source.commits == {Partition("t", 0): 20}
    assert lost(source) == 0


def test_the_time_of_a_stop_counts_from_when_it_is_asked_for(server: FaultServer):
    source = MemorySource([[b"k"]], server)
    asked = threading.Event()
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        asked.wait()
        return original(patience)

    source.poll = poll  # type: ignore[method-assign]  # as long as brokers do not answer an assignment
    with running(Assembly(source, stop_timeout=20.0)) as assembly:
        before = time.monotonic()
        assembly.engine.stop()
        after = time.monotonic()
        asked.set()
        until(lambda: source.closed)
    assert before + 20.0 <= source.end <= after + 20.0


def test_a_stop_ends_the_drain_of_a_partition_that_moves(server: FaultServer):
    server.plan = lambda _: Fault(delay=30)
    source = MemorySource([[b"k"]], server)
    moving = threading.Event()
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        if server.calls:
            moving.set()
            source.owner.revoked(source.places)
        return original(patience)

    source.poll = poll  # type: ignore[method-assign]  # a rebalance comes in the middle of a poll
    assembly = Assembly(source, drain_timeout=1e6, stop_timeout=0.05, request_timeout=1e6)
    with running(assembly):
        until(moving.is_set)
        assembly.engine.stop()
        until(lambda: source.closed)
    assert not any(source.commits.values())


def test_a_source_that_fails_to_close_leaves_nothing_else_open(server: FaultServer, monkeypatch: pytest.MonkeyPatch):
    source, letters = MemorySource([[b"k"]], server), HeldLetters()
    assembly = Assembly(source, letters=letters)
    closed = []

    def close_sender() -> None:
        closed.append("sender")
        raise OSError("no connection")

    def close_source() -> None:
        closed.append("source")
        raise RuntimeError("no group")

    original = assembly.sender.close
    monkeypatch.setattr(assembly.sender, "close", close_sender)
    monkeypatch.setattr(source, "close", close_source)
    with pytest.raises(OSError, match="no connection") as error, running(assembly):
        until(lambda: server.calls)
    original()
    assert isinstance(error.value.__context__, RuntimeError), "neither error hides the other"
    assert closed == ["source", "sender"]
    assert letters.closed
