"""Shards that refuse records are paced, and the others flow on: both feeds, on a clock of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import pytest

from connector.backoff import Backoff
from connector.batch import Partition, Records, records
from connector.circuit import Circuit
from connector.dispatcher import Call, Dispatcher
from connector.feed import CallLimits, Feed, Lane
from connector.keyed_feed import KeyedFeed
from connector.kinesis.aggregation import deaggregate
from connector.kinesis.kpl_packing import KplPacking
from connector.kinesis.shard_gate import ShardGate
from connector.kinesis.shard_map import ShardMap
from connector.kinesis.shard_pacing import ShardPacing
from connector.metrics import Metrics
from connector.outcome import Answer, Placements
from connector.packed_feed import PackedFeed
from tests.connector.fault_server import THROTTLED, FaultServer, even_shards
from tests.connector.packed_world import AskedShards

STEP = 0.01
CALL = CallLimits(100, 1 << 20)
MEMORY = 4 << 20
Kind = Literal["keyed", "packed"]


@dataclass
class World:
    """Four shards, one of which takes so many records a second; calls are answered after a step."""

    kind: Kind
    rate: int = 2000
    hot_limit: float = 0.0
    is_gated: bool = True
    now: float = 0.0
    refused: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    """Messages by shard."""
    hot_records: int = 0
    order: list[tuple[bytes, int]] = field(default_factory=list)
    peak: int = 0
    handed: int = 0
    offered: int = 0
    ripe: float = 0.0
    left: float = 0.0

    def __post_init__(self) -> None:
        # Of aggregates one is under way for a shard, so a hundred a second; all that is wanted are 83 for each.
        self.hot_limit = self.hot_limit or (200.0 if self.kind == "keyed" else 60.0)
        self.server = FaultServer(shards=even_shards(4))
        self.hot = self.server.shards[1].name
        shards = AskedShards(self.server)
        self.gate = ShardGate(shards, pacing=ShardPacing(lambda low, high: (low + high) / 2))
        gate = self.gate if self.is_gated else None
        backoff = Backoff(0.05, 0.5, lambda low, high: (low + high) / 2)
        self.feed: Feed = (
            KeyedFeed(CALL, backoff, 0.05, ordered=True, gate=gate)
            if self.kind == "keyed"
            else PackedFeed(KplPacking(shards, 800), backoff, 0.05, 20_000, gate)
        )
        self.dispatcher = Dispatcher(CALL, self.feed, Circuit(), Metrics("r"), gate)
        self.lane = Lane(Partition("t", 0))
        self.under_way: list[Call] = []

    @property
    def buffered(self) -> int:
        return self.handed - self.feed.released

    @property
    def others(self) -> int:
        return self.taken.total() - self.taken[self.hot]

    def step(self) -> None:
        self.now += STEP
        self.left = min(self.left + self.hot_limit * STEP, self.hot_limit)
        self.ripe += self.rate * STEP
        if not self.feed.is_full() and self.buffered < MEMORY:
            count, self.ripe = int(self.ripe), self.ripe % 1
            if count:
                self._offer(count)
        self.peak = max(self.peak, self.buffered)
        answered, self.under_way = self.under_way, []
        for call in answered:
            self._settle(call)
        while len(self.under_way) < 8 and (new := self.dispatcher.next_call(self.now)) is not None:
            self.under_way.append(new)

    def _offer(self, count: int) -> None:
        offsets = range(self.offered, self.offered + count)
        content = records([b"k%d" % (n * 7919 % 1009) for n in offsets], [b"%0100d" % n for n in offsets], offsets)
        self.offered += count
        self.handed += content.footprint
        self.dispatcher.offer(self.lane, content, self.now)

    def _settle(self, call: Call) -> None:
        codes: list[str | None] = []
        shards: list[bytes] = []
        for part in call.parts:
            for key, data in zip(part.keys, part.data, strict=True):
                shard = self.server.shard_of({"PartitionKey": key.decode()}).name
                is_refused = shard == self.hot and self.left < 1
                codes.append(THROTTLED if is_refused else None)
                shards.append(shard.encode())
                self.refused += is_refused
                self.left -= shard == self.hot and not is_refused
                if not is_refused:
                    inner = deaggregate(data)
                    found = [(key, data)] if inner is None else [(each.key, each.data) for each in inner]
                    self.order += [(name, int(value)) for name, value in found]
                    self.taken[shard] += len(found)
                    self.hot_records += shard == self.hot
        numbers = [b"" if code else b"%056d" % self.now for code in codes]
        self.dispatcher.settle(
            call,
            Answer({index: code for index, code in enumerate(codes) if code}, Placements(numbers, shards)),
            self.now,
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.step()


@pytest.fixture(params=["keyed", "packed"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


def test_while_nothing_is_refused_no_shard_is_predicted_or_observed(monkeypatch: pytest.MonkeyPatch):
    world = World("keyed", hot_limit=1e9)

    def never(*_: object) -> list[int]:
        raise AssertionError("a shard was predicted")

    monkeypatch.setattr(ShardMap, "shards_of", never)
    monkeypatch.setattr(ShardPacing, "observe", never)
    world.run(3)
    assert world.taken.total() > 5000
    assert not world.gate.is_engaged


def test_a_hot_shard_gets_what_it_takes_the_others_what_is_theirs_and_memory_stays_bounded(kind: Kind):
    world = World(kind)
    world.run(5)
    before, began, refused = world.others, world.hot_records, world.refused
    world.run(10)
    assert world.others - before > 0.9 * 0.75 * world.rate * 10
    assert world.hot_records - began > 0.75 * world.hot_limit * 10
    assert world.refused - refused < 0.1 * world.hot_limit * 10
    assert world.gate.limits[world.hot] < 2 * world.hot_limit
    assert world.feed.paced > 0
    assert world.peak <= MEMORY + 100_000


def test_without_a_gate_far_more_is_refused(kind: Kind):
    refused = []
    for is_gated in (True, False):
        world = World(kind, is_gated=is_gated)
        world.run(10)
        refused.append(world.refused)
    assert refused[0] < refused[1] / 2


def test_a_shard_that_takes_more_again_gets_all_and_is_let_go(kind: Kind):
    world = World(kind)
    world.run(8)
    assert world.gate.is_engaged
    world.hot_limit = 1e6
    world.run(40)
    assert not world.gate.is_engaged
    world.rate = 0
    world.run(1)
    assert world.feed.paced == 0
    assert world.buffered == 0
    latest: dict[bytes, int] = {}
    for key, offset in world.order:
        assert latest.get(key, -1) < offset, "each key in order"
        latest[key] = offset
    assert len(world.order) == world.offered


def answer(shards: list[str], code: str) -> Answer:
    """Every record is refused with this code."""
    refusals = dict.fromkeys(range(len(shards)), code)
    return Answer(refusals, Placements([b""] * len(shards), [shard.encode() for shard in shards]))


@pytest.fixture
def server() -> FaultServer:
    return FaultServer(shards=even_shards(2))


def content(count: int) -> Records:
    return records([b"%d" % n for n in range(count)], [b"x"] * count, range(count))


def test_a_refusal_that_names_no_shard_counts_for_the_one_that_was_predicted(server: FaultServer):
    gate = ShardGate(AskedShards(server), hash_key="0")
    gate.observe([content(40)], answer([""] * 40, THROTTLED), 0.0)
    gate.observe([content(40)], answer([""] * 40, THROTTLED), 2.0)
    gate.grant("", [1], 3.0)
    assert set(gate.limits) == {server.shards[0].name}


def test_a_shard_that_nobody_listed_makes_the_shards_be_listed_again(server: FaultServer):
    shards = AskedShards(server)
    gate = ShardGate(shards)
    gate.observe([content(1)], answer(["shardId-000000000009"], THROTTLED), 0.0)
    assert shards.asked == 1


def test_a_stream_that_may_be_another_one_is_listed_again_before_it_is_paced_by(server: FaultServer):
    shards = AskedShards(server)
    gate = ShardGate(shards)
    shards.doubt()
    gate.observe([content(1)], answer([server.shards[0].name], THROTTLED), 0.0)
    assert shards.asked == 1
    shards.answer()
    gate.observe([content(1)], answer([server.shards[0].name], THROTTLED), 1.0)
    assert shards.asked == 1


def test_other_failures_pace_nobody(server: FaultServer):
    gate = ShardGate(AskedShards(server))
    for now in range(5):
        gate.observe([content(40)], answer([server.shards[0].name] * 40, "InternalFailure"), float(now))
    assert not gate.is_engaged
