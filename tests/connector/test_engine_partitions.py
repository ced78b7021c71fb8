"""Partitions that come, go, pause and stop under the engine, each without touching the others."""

from __future__ import annotations

import threading

from connector.batch import Batch, Partition
from connector.errors import ConnectorError
from tests.connector.fault_server import Fault, FaultServer
from tests.connector.in_memory import (
    Assembly,
    MemorySource,
    lost,
    running,
    settled,
)
from tests.connector.processes import until


def test_a_revoked_partition_is_drained_and_its_offset_given(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.05)
    source = MemorySource([[b"%d" % n for n in range(40)]], server)
    positions: list[dict[Partition, int]] = []
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        if source.positions[Partition("t", 0)] and not positions:
            positions.append(dict(source.owner.revoked([Partition("t", 0)])))
            assert len(server.taken) == 40
            source.owner.committed(positions[0])
        return original(patience)

    source.poll = poll  # type: ignore[method-assign]  # a rebalance comes in the middle of a poll
    with running(Assembly(source)) as assembly:
        until(lambda: positions)
    assert positions == [{Partition("t", 0): 40}]
    assert assembly.sample("committed_offset", topic="t", partition="0") == 0


def test_a_lost_partition_commits_nothing(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.3)
    source = MemorySource([[b"%d" % n for n in range(40)]], server)
    with running(Assembly(source)) as assembly:
        until(lambda: server.calls)
        original = source.poll

        def poll(patience: float) -> list[Batch]:
            source.owner.lost([Partition("t", 0)])
            source.poll = original  # type: ignore[method-assign]  # once
            return original(patience)

        source.poll = poll  # type: ignore[method-assign]  # a rebalance comes in the middle of a poll
        until(lambda: assembly.engine.buffered == 0)
    assert not any(source.commits.values())


def test_a_partition_pauses_far_past_a_stuck_record_and_the_others_flow(server: FaultServer):
    stuck = threading.Event()
    stuck.set()

    def refused(number: int) -> Fault:
        keys = server.calls[number]
        return Fault(refused=lambda index: stuck.is_set() and keys[index] == "stuck")

    server.plan = refused
    source = MemorySource([[b"stuck", *(b"%d" % n for n in range(5000))], [b"%d" % n for n in range(5000)]], server)
    assembly = Assembly(source, span=1_000)
    first, second = Partition("t", 0), Partition("t", 1)
    with running(assembly):
        until(lambda: source.commits.get(second) == 5000)
        assert source.paused == {first}
        assert source.positions[first] < 1_000
        until(lambda: assembly.sample("span_records", topic="t", partition="0") == source.positions[first])
        stuck.clear()
        until(lambda: settled(assembly))
    assert lost(source) == 0


def test_a_partition_that_moves_while_it_stops_is_drained_before(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.1)
    source = MemorySource([[b"%d" % n for n in range(60)]], server)
    positions: list[dict[Partition, int]] = []
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        if source.paused and not positions:
            positions.append(dict(source.owner.revoked([Partition("t", 0)])))
            source.owner.committed(positions[0])
        return original(patience)

    with running(Assembly(source, connections=1)) as assembly:
        until(lambda: server.calls)
        source.poll = poll  # type: ignore[method-assign]  # a rebalance comes during the drain
        assembly.engine.stop()
    assert positions == [{Partition("t", 0): source.positions[Partition("t", 0)]}]


def test_a_partition_at_a_gap_stops_alone_until_it_is_assigned_anew(server: FaultServer):
    source = MemorySource([[b"%d" % n for n in range(100)] for _ in range(2)], server)
    gap = Partition("t", 1)
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        if source.positions[gap] == 50 and gap not in source.paused:
            source.paused.add(gap)
            source.owner.stopped(gap, ConnectorError("gap in t:1"))
        return original(patience)

    source.poll = poll  # type: ignore[method-assign]  # the rest of the partition is gone
    with running(Assembly(source)) as assembly:
        until(lambda: source.commits == {Partition("t", 0): 100, gap: 50})
        assert assembly.engine.stopped_partitions == {"t:1": "gap in t:1"}
        assert assembly.sample("stopped_partitions", topic="t", partition="1") == 1

        def again(patience: float) -> list[Batch]:
            source.poll = original  # type: ignore[method-assign]  # once
            source.owner.revoked([gap])
            source.paused.discard(gap)
            source.owner.assigned([gap])
            return original(patience)

        source.poll = again  # type: ignore[method-assign]  # somebody has set the group's offset
        until(lambda: settled(assembly))
        assert assembly.engine.stopped_partitions == {}
        assert assembly.sample("stopped_partitions", topic="t", partition="1") == 0
