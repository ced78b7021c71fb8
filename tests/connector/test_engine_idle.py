"""An engine that has nothing to do, or may do nothing, waits: it burns no processor time.

Peers spun: amazon-kinesis-producer #122, #345, bento #790, #917, amazon-kinesis-client-nodejs #8.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from connector.batch import Batch
from connector.engine import Engine
from tests.connector.fault_server import Fault, FaultServer
from tests.connector.in_memory import Assembly, MemorySource, running, settled
from tests.connector.processes import until

LINGER = 0.05
LOOK = 0.5
MANY = 500
"""Turns in a look; an engine that waits makes 50 at most, one that does not makes thousands."""


@dataclass
class WaitingSource(MemorySource):
    """Waits for records as long as it is told, and no longer."""

    def poll(self, patience: float) -> list[Batch]:
        if any(self.positions[where] < len(self.partitions[where.number]) for where in self.places):
            return super().poll(patience)
        self.polled += 1
        time.sleep(patience)
        return []


def turns(source: WaitingSource) -> int:
    before = source.polled
    time.sleep(LOOK)
    until(lambda: source.polled > before)  # on a machine that is busy it may take a while
    return source.polled - before


def test_it_waits_while_there_is_nothing_to_read(server: FaultServer):
    source = WaitingSource([[b"k"]], server)
    with running(Assembly(source, linger=LINGER)) as assembly:
        until(lambda: settled(assembly))
        assert 0 < turns(source) < MANY


def test_it_waits_while_answers_are_outstanding(server: FaultServer):
    server.plan = lambda _: Fault(delay=2 * LOOK)
    source = WaitingSource([[b"k"] * 100], server)
    with running(Assembly(source, linger=LINGER)):
        until(lambda: server.calls)
        assert 0 < turns(source) < MANY
        server.plan = lambda _: Fault()


@pytest.mark.parametrize("fault", [Fault(status=500, code="InternalFailure"), Fault(refused=lambda _: True)])
def test_it_waits_while_the_target_takes_nothing(server: FaultServer, fault: Fault):
    server.plan = lambda _: fault
    source = WaitingSource([[b"%d" % n for n in range(100)]], server)
    with running(Assembly(source, linger=LINGER, retry=(0.1, 0.2))):
        until(lambda: len(server.calls) > 20)
        assert 0 < turns(source) < MANY
        server.plan = lambda _: Fault()


def test_without_patience_it_would_spin(server: FaultServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Engine, "_patience", lambda *_: 0.0)
    for rest in ("_STEP", "_REST"):
        monkeypatch.setattr(f"connector.engine.{rest}", 0.0)
    source = WaitingSource([[b"k"]], server)
    with running(Assembly(source, linger=LINGER)) as assembly:
        until(lambda: settled(assembly))
        assert turns(source) > MANY
