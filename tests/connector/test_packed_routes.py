"""The whole engine with packed records against a server that misbehaves, read as consumers read."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from connector.kinesis.kpl_packing import KplPacking
from tests.connector.fault_server import THROTTLED, FaultServer, even_shards
from tests.connector.in_memory import (
    TOO_LATE,
    Assembly,
    HeldLetters,
    lost,
    out_of_order,
    place,
    random_faults,
    repeated_keys,
    running,
    settled,
)
from tests.connector.packed_routes import (
    NOT_FOUND,
    Aggregated,
    Gated,
    LimitedServer,
    Lines,
    PackedSource,
    Remade,
    messages,
)
from tests.connector.packed_world import read
from tests.connector.processes import until

PARTITIONS, RECORDS = 2, 400


def keys(seed: int) -> list[list[bytes | None]]:
    return [repeated_keys(Random(seed + n), RECORDS, 60) for n in range(PARTITIONS)]


def padded(partition: int, offset: int) -> bytes:
    return b"%d/%d/%100d" % (partition, offset, 0)


def aggregated(seed: int, *, failing_lists: int = 0) -> tuple[Aggregated, FaultServer]:
    with FaultServer(shards=even_shards(2)) as server:
        server.plan = random_faults(seed, server)
        source = PackedSource(keys(seed), server)
        assembly = Aggregated(source, request_timeout=TOO_LATE / 2, records=8, failing_lists=failing_lists)
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    return assembly, server


@pytest.mark.parametrize("seed", range(4))
def test_readers_of_aggregates_miss_nothing_and_find_each_key_in_order_through_faults_and_splits(seed: int):
    assembly, server = aggregated(seed, failing_lists=2)
    assert lost(assembly.source) == 0
    assert out_of_order(messages(server)) == 0
    assert assembly.source.ahead == 0
    assert assembly.engine.buffered == 0
    assert assembly.sample("records_acknowledged_total") == PARTITIONS * RECORDS
    assert assembly.failing_lists == 0 or server.lists == 1
    assert any(len(record.data) > 100 for record in server.taken), "aggregates"
    assert server.happened["cut-after"] + server.happened[THROTTLED] > 0


def test_the_stream_really_was_split_under_aggregates():
    runs = [aggregated(seed) for seed in range(3)]
    assert sum(read(server).dropped for _, server in runs) > 0
    assert sum(server.lists - 1 for _, server in runs) > 0


def test_without_looking_where_aggregates_lie_readers_would_miss_records(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(KplPacking, "is_in_vain", lambda *_: False)
    runs = [aggregated(seed) for seed in range(3)]
    assert sum(lost(assembly.source) for assembly, _ in runs) > 0
    assert sum(assembly.source.ahead for assembly, _ in runs) > 0


def remade(before: int, after: int, *, seed: int = 0, doubts: bool = True) -> tuple[PackedSource, Aggregated]:
    """Run through the stream being deleted and made anew with another number of shards."""
    with FaultServer(shards=even_shards(before)) as server:
        source = PackedSource(keys(seed), server, make_value=padded)
        server.plan = Remade(source, after)
        assembly = Aggregated(source, records=4, failing_lists=2, doubts=doubts)
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    return source, assembly


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (4, 1)])
def test_readers_of_a_stream_that_is_deleted_and_made_anew_with_other_shards_miss_nothing(before: int, after: int):
    source, assembly = remade(before, after)
    assert lost(source) == 0
    assert source.ahead == 0
    assert out_of_order([*source.former, *messages(source.server)]) == 0
    assert assembly.engine.buffered == 0
    assert assembly.sample("records_acknowledged_total") == PARTITIONS * RECORDS
    assert source.server.happened[NOT_FOUND] > 0
    assert assembly.failing_lists == 0, "shards that cannot be listed at first are waited for"
    assert source.former
    assert messages(source.server)


def test_by_the_old_ranges_of_the_names_readers_would_miss_records_of_the_stream_that_is_made_anew():
    # A name that was never there before makes the shards be listed again, now and then before anything is lost.
    sources = (remade(1, 2, seed=seed, doubts=False)[0] for seed in range(20))
    assert any(lost(source) > 0 and source.ahead > 0 for source in sources)


def test_of_an_aggregate_that_is_refused_for_a_record_only_that_one_is_put_aside():
    with LimitedServer(shards=even_shards(2)) as server:
        letters = HeldLetters()
        letters.acknowledging = True
        partitions = keys(1)
        source = PackedSource(partitions, server, letters=letters)

        def poisoned(partition: int, offset: int) -> bytes:
            return b"%d/%d/%s" % (partition, offset, b"poison" if (partition, offset) == (0, 123) else b"")

        source.make_value = poisoned
        server.refuses = lambda data: b"poison" in data
        assembly = Aggregated(source, letters=letters, records=8)
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    assert [(letter.partition.number, letter.offset) for letter in letters.taken] == [(0, 123)]
    assert server.happened["InvalidArgumentException"] > 3
    assert lost(source) == 0
    assert out_of_order(messages(server)) == 0


def lines(seed: int) -> tuple[Lines, FaultServer]:
    with FaultServer() as server:
        server.plan = random_faults(seed)
        source = PackedSource(keys(seed), server)
        assembly = Lines(source, request_timeout=TOO_LATE / 2, records=8)
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    return assembly, server


@pytest.mark.parametrize("seed", range(4))
def test_lines_arrive_whole_and_each_partition_in_order_through_throttles_partial_failures_and_resets(seed: int):
    assembly, server = lines(seed)
    assert lost(assembly.source) == 0
    assert all(record.data.endswith(b"\n") and len(record.data) <= 200 for record in server.taken)
    assert out_of_order(messages(server)) == 0, "all keys are one here: the order is that of a partition"
    assert {place(line) for line in messages(server)} == {(p, n) for p in range(PARTITIONS) for n in range(RECORDS)}
    assert assembly.sample("records_acknowledged_total") == PARTITIONS * RECORDS
    assert assembly.engine.buffered == 0
    assert sum(server.happened.values()) > 5
    assert max(len(record.data.splitlines()) for record in server.taken) > 10


def hot_run(assembly: Assembly, server: LimitedServer, hot: str) -> float:
    """Run to the end; return what part of the hot shard's messages was taken when the others had all of theirs."""
    wanted = Counter(
        server.shard_of({"PartitionKey": key.decode()}).name for key in assembly.source.partitions[0] if key
    )
    others = wanted.total() - wanted[hot]
    with running(assembly):
        until(lambda: server.messages.total() - server.messages[hot] == others)
        share = server.messages[hot] / wanted[hot]
        until(lambda: settled(assembly))
    return share


@pytest.mark.parametrize("kind", [Gated, Aggregated])
def test_a_hot_shard_holds_up_its_own_records_only(kind: type[Gated | Aggregated]):
    # Peers: amazon-kinesis-producer #122, aws-for-fluent-bit #283, #334.
    with LimitedServer(shards=even_shards(4)) as server:
        hot = server.shards[2].name
        server.limits[hot] = 100.0 if kind is Gated else 60.0
        source = PackedSource([repeated_keys(Random(1), 1500, 1000)], server, chunk=100, make_value=padded)
        assembly = (
            kind(source, records=100, size=400, ahead=1 << 20) if kind is Aggregated else kind(source, records=100)
        )
        assert hot_run(assembly, server, hot) < 0.95
    assert out_of_order(messages(server)) == 0
    assert lost(source) == 0
    assert source.ahead == 0
    assert assembly.engine.buffered == 0
    assert server.happened[THROTTLED] > 10


def test_the_metrics_tell_which_shard_is_held_back_and_how_much_waits():
    with LimitedServer(shards=even_shards(2)) as server:
        hot = server.shards[0].name
        server.limits[hot] = 100.0
        source = PackedSource([repeated_keys(Random(1), 1200, 1000)], server, chunk=200)
        assembly = Gated(source, records=100)
        with running(assembly):
            until(lambda: assembly.sample("paced_records") > 100)
            until(lambda: 5 < assembly.sample("shard_limit_records", shard=hot) < 1000)
            server.limits.clear()
            until(lambda: settled(assembly), seconds=60)
            assert assembly.sample("paced_records") == 0
