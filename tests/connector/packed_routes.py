"""Whole engines whose records travel packed, and what arrives of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.backoff import Backoff
from connector.config import ConnectorConfig
from connector.errors import ConnectorError
from connector.feed import CallLimits, Feed
from connector.firehose.line_packing import LinePacking
from connector.firehose.sink import FirehoseSink
from connector.gate import Gate
from connector.keyed_feed import KeyedFeed
from connector.kinesis.aggregation import deaggregate
from connector.kinesis.kpl_packing import KplPacking
from connector.kinesis.shard_gate import ShardGate
from connector.kinesis.shards import Shards
from connector.packed_feed import PackedFeed
from connector.sender import Sink
from tests.connector.fault_server import FINE, Fault, FaultServer, Taken, even_shards, listed
from tests.connector.in_memory import Assembly, MemorySource, place, route_config
from tests.connector.packed_world import read

NOT_FOUND = "ResourceNotFoundException"


@dataclass
class PackedSource(MemorySource):
    """Looks into packed records for what has arrived."""

    former: list[Taken] = field(default_factory=list)
    """What readers got of a stream that was deleted since."""

    def arrived(self) -> set[tuple[int, int]]:
        aside = self.letters.taken if self.letters else []
        inside = {place(record) for record in [*self.former, *messages(self.server)]}
        return inside.union((letter.partition.number, letter.offset) for letter in aside)


def messages(server: FaultServer) -> list[Taken]:
    """What readers get: of a stream as the Kinesis Client Library, of Firehose line by line."""
    if server.taken and not server.taken[0].key:
        return [Taken("", line, record.shard) for record in list(server.taken) for line in record.data.splitlines()]
    return read(server).records


@dataclass
class Aggregated(Assembly):
    """Aggregates by shard, gated as a route has it."""

    size: int = 800
    ahead: int = 3200
    failing_lists: int = 0
    doubts: bool = True
    """Whether the shards hear of it when calls get through no more."""

    def new_feed(self, limits: CallLimits, backoff: Backoff) -> tuple[Feed, Gate | None]:  # noqa: ARG002 - a hook
        shards = Shards(self._listed, pause=0.01)
        if self.doubts:
            self.circuit.on_open = shards.doubt
        gate = ShardGate(shards)
        feed = PackedFeed(KplPacking(shards, self.size), backoff, self.linger, self.ahead, gate)
        feed.on_late = self.metrics.acknowledged
        return feed, gate

    def _listed(self) -> list[dict[str, object]]:
        server = self.source.server
        server.lists += 1
        if server.lists > 1 and self.failing_lists:
            self.failing_lists -= 1
            raise ConnectorError("ListShards: on demand")
        return [listed(shard) for shard in server.shards]


@dataclass
class Gated(Assembly):
    """Records for themselves, held back by the shard that refuses them."""

    is_gated: bool = True

    def new_feed(self, limits: CallLimits, backoff: Backoff) -> tuple[Feed, Gate | None]:
        shards = Shards(lambda: map(listed, self.source.server.shards), pause=0.01)
        gate = ShardGate(shards) if self.is_gated else None
        return KeyedFeed(limits, backoff, self.linger, ordered=self.ordered, gate=gate), gate


@dataclass
class Lines(Assembly):
    """Lines in records of Firehose."""

    size: int = 200

    def new_feed(self, limits: CallLimits, backoff: Backoff) -> tuple[Feed, Gate | None]:  # noqa: ARG002 - a hook
        return PackedFeed(LinePacking(self.size, None), backoff, self.linger, 4 * self.size), None

    def new_sink(self, limits: CallLimits) -> Sink:
        return FirehoseSink("archive", self.access, limits)

    def new_config(self) -> ConnectorConfig:
        return route_config(sink={"kind": "firehose", "delivery_stream": "archive", "packing": "newline"})


@dataclass
class Remade:
    """A plan by which the stream is deleted in the middle and made anew with as many shards as it is told."""

    source: PackedSource
    shards: int
    deleted_at: int = 8
    missing: int = 3

    def __call__(self, number: int) -> Fault:
        server = self.source.server
        if number == self.deleted_at + self.missing:
            self.source.former = messages(server)
            server.taken = []
            server.shards = even_shards(self.shards)
        if self.deleted_at <= number < self.deleted_at + self.missing:
            return Fault(status=400, code=NOT_FOUND)
        return FINE


@dataclass
class LimitedServer(FaultServer):
    """Refuses records above so many a second of a shard, as Kinesis does, and calls for what is in them."""

    limits: dict[str, float] = field(default_factory=dict)
    refuses: Callable[[bytes], bool] = lambda _: False
    """Tells of a record's data whether a call with it is refused as a whole."""
    messages: Counter[str] = field(default_factory=Counter)
    """How many messages each shard took, those in aggregates counted one by one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._left: dict[str, tuple[float, float]] = {}
        self._refused: set[int] = set()
        self._counted = 0
        self.plan = lambda _: Fault(status=400, code="InvalidArgumentException") if self._is_bad else self._partial
        self._is_bad = False
        self._partial = Fault(refused=lambda index: index in self._refused)

    async def _put(self, records: Sequence[dict[str, Any]], writer: asyncio.StreamWriter, wire: str | None) -> bool:
        self._refused = {index for index, record in enumerate(records) if not self._takes(self.shard_of(record).name)}
        self._is_bad = any(self.refuses(record["Data"]) for record in records)
        answered = await super()._put(records, writer, wire)
        for record in self.taken[self._counted :]:
            self.messages[record.shard] += len(deaggregate(record.data) or [record])
        self._counted = len(self.taken)
        return answered

    def _takes(self, shard: str) -> bool:
        limit = self.limits.get(shard)
        if limit is None:
            return True
        now = time.monotonic()
        left, at = self._left.get(shard, (limit / 10, now))
        left = min(limit / 10, left + limit * (now - at))
        self._left[shard] = (left - (left >= 1), now)
        return left >= 1
