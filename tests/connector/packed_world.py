"""A stream of shards that split and merge, and what its readers get of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connector.kinesis.aggregation import deaggregate
from connector.kinesis.shard_map import hash_key
from connector.kinesis.shards import Shards
from tests.connector.fault_server import FaultServer, Shard, Taken, listed


class AskedShards(Shards):
    """Shards that are listed again when the test says so."""

    def __init__(self, server: FaultServer, clock: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(lambda: map(listed, server.shards), clock=clock)
        self.asked = 0
        self._open_question = False

    @property
    def is_asking(self) -> bool:
        return self._open_question

    def refresh(self) -> None:
        self.asked += 1
        self._open_question = True

    def answer(self) -> None:
        if self._open_question:
            self._list()
            self._open_question = False


@dataclass
class Reading:
    """What a reader gets that finishes parent shards before their children; and how many aggregates it drops."""

    records: list[Taken]
    dropped: int = 0


def read(server: FaultServer, taken: Iterable[Taken] | None = None) -> Reading:
    """Read a stream as the Kinesis Client Library does: no aggregate that holds a hash key of another shard."""
    by_shard: dict[str, list[Taken]] = {}
    for record in list(server.taken if taken is None else taken):
        by_shard.setdefault(record.shard, []).append(record)
    reading = Reading([])
    for shard in server.shards:
        for record in by_shard.get(shard.name, ()):
            inner = deaggregate(record.data)
            if inner is None:
                reading.records.append(record)
            elif all(_is_in(shard, each.key, each.hash_key) for each in inner):
                reading.records += [Taken(each.key.decode(), each.data, shard.name) for each in inner]
            else:
                reading.dropped += 1
    return reading


def merge(server: FaultServer, first: Shard, second: Shard) -> None:
    """Make one shard of two neighbours, the lower first."""
    assert first.last + 1 == second.first
    first.is_open = second.is_open = False
    server.shards.append(Shard(f"shardId-{len(server.shards):012d}", first.first, second.last, first.name))


def _is_in(shard: Shard, key: bytes, named: str | None) -> bool:
    return shard.first <= (hash_key(key) if named is None else int(named)) <= shard.last
