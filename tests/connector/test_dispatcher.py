"""The engine's rules against a model stream, without input and output.

A simulated target refuses records one by one, fails whole calls, refuses calls for a record in them, and takes
records of calls whose answer is lost. Calls overtake each other. After every step nothing may be out of order, and
the watermark must not be ahead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.batch import Partition, Records, records
from connector.circuit import Circuit
from connector.dispatcher import Call, Dispatcher
from connector.feed import CallLimits, Lane
from connector.keyed_feed import KeyedFeed
from connector.metrics import Metrics
from connector.outcome import Answer, CallFailure, Placements

LIMITS = CallLimits(records=5, size=200)
LOST_ANSWER = CallFailure("RequestTimeout", "no answer")
REFUSED_CONTENT = CallFailure("InvalidArgumentException", "no", refuses_content=True)
Place = tuple[int, int]


def place(data: bytes) -> Place:
    """Read partition and offset back from what is sent."""
    partition, offset = data.split(b"/")[:2]
    return int(partition), int(offset)


def keys_of(call: Call) -> list[bytes]:
    return [key for part in call.parts for key in part.keys]


def data_of(call: Call) -> list[bytes]:
    return [data for part in call.parts for data in part.data]


class MoodyGate:
    """Lets through what it likes, and always something after a while."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._opens_at: dict[str, float] = {}
        self.held_back = 0
        self.observed = 0

    @property
    def is_engaged(self) -> bool:
        return self._random.random() < 0.7

    @property
    def limits(self) -> Mapping[str, float]:
        return {}

    def places(self, records: Records) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for index, key in enumerate(records.keys):
            found.setdefault(str(crc32(key) % 3), []).append(index)
        return found

    def grant(self, place: str, sizes: Sequence[int], now: float) -> int:
        if now < self.ready_at(place, now):
            return 0
        granted = self._random.randint(1, len(sizes))
        if granted < len(sizes):
            self.held_back += 1
            self._opens_at[place] = now + self._random.random()
        return granted

    def ready_at(self, place: str, now: float) -> float:
        return max(now, self._opens_at.get(place, now))

    def observe(self, parts: Sequence[Records], answer: Answer, now: float) -> None:  # noqa: ARG002 - the protocol's signature
        self.observed += sum(map(len, parts))


@dataclass
class Simulation:
    """A dispatcher, a model of the stream, and a random world between them."""

    random: Random
    ordered: bool = True
    lanes: list[Lane] = field(default_factory=list)
    produced: dict[int, list[tuple[bytes, int]]] = field(default_factory=dict)
    at_fault: set[Place] = field(default_factory=set)
    put_aside: list[Place] = field(default_factory=list)
    stream: list[tuple[bytes, Place]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    last_acknowledged: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.metrics = Metrics("r")
        self.gate = MoodyGate(self.random)
        backoff = Backoff(1, 8, self.random.uniform)
        self.feed = KeyedFeed(LIMITS, backoff, linger=0.5, ordered=self.ordered, gate=self.gate)
        self.dispatcher = Dispatcher(LIMITS, self.feed, Circuit(), self.metrics, self.gate)
        self.lanes = [Lane(Partition("t", number)) for number in range(2)]
        self.produced = {number: [] for number in range(2)}
        self.under_way: list[Call] = []
        self.now = 0.0
        self.handed = 0

    def produce(self, *, faults: bool = True) -> None:
        lane = self.random.choice(self.lanes)
        number = lane.partition.number
        known = self.produced[number]
        first = known[-1][1] + 1 + self.random.choice([0, 0, 3]) if known else 0
        keys = [self.random.choice([b"a", b"b", b"c", b"d", b"e", b"f"]) for _ in range(self.random.randint(1, 9))]
        if len(set(keys)) < len(keys):
            self.happened["repeated key"] += 1
        offsets = range(first, first + len(keys))
        data = [b"%d/%d/%b" % (number, offset, bytes(self.random.randint(0, 90))) for offset in offsets]
        if faults:
            self.at_fault |= {(number, offset) for offset in offsets if self.random.random() < 0.01}
        known += zip(keys, offsets, strict=True)
        batch = records(keys, data, offsets)
        self.handed += batch.footprint
        self.dispatcher.offer(lane, batch, self.now)

    def send(self) -> bool:
        call = self.dispatcher.next_call(self.now)
        if call is None:
            return False
        assert 1 <= len(call) <= LIMITS.records
        assert len(call) == 1 or call.size <= LIMITS.size
        if self.ordered:
            named = [(place(data)[0], key) for key, data in zip(keys_of(call), data_of(call), strict=True)]
            assert len(set(named)) == len(named)
        self.under_way.append(call)
        return True

    def settle(self) -> None:
        call = self.under_way.pop(self.random.randrange(len(self.under_way)))
        places = [place(data) for data in data_of(call)]
        if self.at_fault.intersection(places):
            self.happened["refused content"] += 1
            self.dispatcher.settle(call, REFUSED_CONTENT, self.now)
            self._put_aside()
            return
        kind = self.random.choices(["fine", "partial", "failed", "lost"], [6, 3, 1, 1])[0]
        refused = [kind == "failed" or (kind == "partial" and self.random.random() < 0.4) for _ in places]
        numbers: list[bytes] = []
        shards: list[bytes] = []
        for key, at, is_refused in zip(keys_of(call), places, refused, strict=True):
            shards.append(b"shardId-%012d" % (crc32(key) % 3))
            if not is_refused:
                self.stream.append((key, at))
                if kind != "lost":
                    self.last_acknowledged[at[0]] = max(self.last_acknowledged[at[0]], at[1] + 1)
            numbers.append(b"" if is_refused else b"%056d" % len(self.stream))
        self.happened[kind] += any(refused) or kind == "lost"
        if kind == "failed":
            self.dispatcher.settle(call, CallFailure("InternalFailure", "on demand"), self.now)
        elif kind == "lost":
            self.dispatcher.settle(call, LOST_ANSWER, self.now)
        else:
            refusals = {index: "Throttled" for index, r in enumerate(refused) if r}
            self.dispatcher.settle(call, Answer(refusals, Placements(numbers, shards)), self.now)

    def _put_aside(self) -> None:
        """Decide on refused records as a route with dead letters does."""
        for refused, _ in self.dispatcher.refused:
            self.put_aside.append((refused.lane.partition.number, refused.offset))
            refused.lane.watermark.acknowledge((refused.offset,))
            self.feed.settle(refused)
        self.dispatcher.refused.clear()

    def check(self) -> None:
        done = {at for _, at in self.stream}.union(self.put_aside)
        for lane in self.lanes:
            number, position = lane.partition.number, lane.watermark.position
            for _, offset in self.produced[number]:
                assert position is None or offset >= position or (number, offset) in done

    def run(self, steps: int) -> None:
        for _ in range(steps):
            action = self.random.random()
            if action < 0.3:
                self.produce()
            elif action < 0.65:
                self.send()
            elif self.under_way:
                self.settle()
            self.now += self.random.random()
            self.check()
        while self.send() or self.under_way or self.dispatcher.wake_at() is not None:
            if self.under_way:
                self.settle()
            else:
                self.now = max(self.now, self.dispatcher.wake_at() or self.now)
                if self.dispatcher.circuit.state != "closed":
                    # Only what else is taken shows that a record is at fault.
                    self.produce(faults=False)
            self.check()

    @property
    def wanted(self) -> set[Place]:
        return {(number, offset) for number, known in self.produced.items() for _, offset in known}

    @property
    def inversions(self) -> float:
        shards = [
            self.metrics.registry.get_sample_value(
                "streamops_connector_inversions_total", {"route": "r", "shard": f"shardId-{n:012d}"}
            )
            for n in range(3)
        ]
        return sum(filter(None, shards))

    def violations(self) -> int:
        latest: dict[tuple[int, bytes], int] = {}
        seen: set[Place] = set()
        count = 0
        for key, at in self.stream:
            if at in seen:
                continue
            seen.add(at)
            partition, offset = at
            count += latest.get((partition, key), -1) > offset
            latest[partition, key] = max(offset, latest.get((partition, key), -1))
        return count


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_lost_and_each_key_keeps_its_order_through_every_fault(seed: int):
    simulation = Simulation(Random(seed))
    simulation.run(120)
    arrived = {at for _, at in simulation.stream}
    assert arrived == simulation.wanted - simulation.at_fault
    assert sorted(simulation.put_aside) == sorted(simulation.at_fault)
    assert simulation.violations() == 0
    assert simulation.inversions == 0
    for lane in simulation.lanes:
        assert lane.watermark.position == lane.watermark.end
    assert simulation.feed.released == simulation.handed
    assert simulation.feed.held == simulation.feed.queued == simulation.feed.paced == 0
    assert simulation.dispatcher.in_flight == 0


def test_the_faults_and_the_repeated_keys_really_happen():
    happened: Counter[str] = Counter()
    for seed in range(10):
        simulation = Simulation(Random(seed))
        simulation.run(120)
        happened += simulation.happened
        happened["held back by the gate"] += simulation.gate.held_back
        happened["seen by the gate"] += simulation.gate.observed
    kinds = (
        "partial",
        "failed",
        "lost",
        "repeated key",
        "refused content",
        "held back by the gate",
        "seen by the gate",
    )
    assert min(happened[kind] for kind in kinds) > 10


def test_without_the_ordering_rule_the_same_world_breaks_the_order():
    violations = 0
    for seed in range(10):
        simulation = Simulation(Random(seed), ordered=False)
        simulation.run(120)
        assert {at for _, at in simulation.stream} == simulation.wanted - simulation.at_fault
        violations += simulation.violations()
    assert violations > 10


def test_committing_the_last_acknowledgement_would_lose_records():
    lost = 0
    for seed in range(60):
        simulation = Simulation(Random(seed))
        for _ in range(60):
            simulation.produce()
            simulation.now += 1
            simulation.send()
            if simulation.under_way:
                simulation.settle()
        done = {at for _, at in simulation.stream}.union(simulation.put_aside)
        lost += sum(at[1] < simulation.last_acknowledged[at[0]] and at not in done for at in simulation.wanted)
    assert lost > 10


@pytest.fixture
def lane() -> Lane:
    return Lane(Partition("t", 0))


def new_dispatcher(metrics: Metrics) -> Dispatcher:
    limits = CallLimits(500, 10 << 20)
    feed = KeyedFeed(limits, Backoff(1, 8, lambda _, most: most), linger=0.0, ordered=True)
    return Dispatcher(limits, feed, Circuit(), metrics)


@pytest.fixture
def dispatcher() -> Dispatcher:
    return new_dispatcher(Metrics("r"))


def called(dispatcher: Dispatcher, now: float) -> Call:
    call = dispatcher.next_call(now)
    assert call is not None
    return call


def fine(*numbers: int) -> Answer:
    return Answer(
        placements=Placements([b"%056d" % number for number in numbers], [b"shardId-000000000000"] * len(numbers))
    )


def test_a_failed_record_is_resent_alone(dispatcher: Dispatcher, lane: Lane):
    # Peers sent the whole call again: fluent-bit #6369, #8039, amazon-kinesis-streams-for-fluent-bit #249,
    # vector #17535, #23733.
    dispatcher.offer(lane, records([b"a", b"b", b"c"], [b"1", b"2", b"3"], range(3)), 0)
    call = called(dispatcher, 0)
    dispatcher.settle(call, Answer({1: "Throttled"}, Placements([b"1", b"", b"2"], [b"s"] * 3)), 0)
    assert dispatcher.next_call(0.5) is None
    assert dispatcher.wake_at() == 1.0
    assert keys_of(called(dispatcher, 1.0)) == [b"b"]
    assert lane.watermark.position == 1


def test_a_failure_without_a_name_is_a_failure(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records([b"a"], [b"1"], range(1)), 0)
    dispatcher.settle(called(dispatcher, 0), Answer({0: ""}, Placements([b""], [b""])), 0)
    assert lane.watermark.position == 0
    assert keys_of(called(dispatcher, 1.0)) == [b"a"]


def test_a_permanent_failure_stops_all_calls_but_one_probe_and_recovers_by_itself(dispatcher: Dispatcher, lane: Lane):
    for number in range(2):
        dispatcher.offer(lane, records([b"%d" % number], [bytes(6 << 20)], [number]), 0)
    first, second = called(dispatcher, 0), called(dispatcher, 0)
    dispatcher.settle(first, CallFailure("AccessDeniedException", "no", permanent=True), 0)
    dispatcher.settle(second, CallFailure("AccessDeniedException", "no", permanent=True), 0)
    assert str(dispatcher.circuit.state) == "open"
    assert dispatcher.next_call(0.9) is None
    probe = called(dispatcher, 2)
    assert dispatcher.next_call(2) is None
    assert dispatcher.wake_at() is None
    dispatcher.settle(probe, fine(1), 2)
    assert dispatcher.circuit.state == "closed"
    assert dispatcher.next_call(2) is not None


def test_a_record_that_is_refused_for_itself_is_found_and_all_others_are_taken(dispatcher: Dispatcher, lane: Lane):
    other = Lane(Partition("t", 1))
    dispatcher.offer(
        lane, records([b"%d" % n for n in range(300)], [b"x"] * 137 + [b"!"] + [b"x"] * 162, range(300)), 0
    )
    dispatcher.offer(other, records([b"%d" % n for n in range(150)], [b"x"] * 150, range(150)), 0)
    sizes = []
    while (call := dispatcher.next_call(0)) is not None:
        sizes.append(len(call))
        dispatcher.settle(call, REFUSED_CONTENT if b"!" in data_of(call) else Answer(), 0)
        assert dispatcher.circuit.state == "closed"
    assert sizes[0] == 450
    assert len(sizes) < 30
    assert lane.watermark.position == 137
    assert other.watermark.position == 150
    ((refused, failure),) = dispatcher.refused
    assert refused == (lane, 137, b"137", b"!")
    assert failure is REFUSED_CONTENT
    assert dispatcher.wake_at() is None
    assert dispatcher.in_flight == 0


def test_a_probe_that_is_refused_for_its_content_is_followed_by_smaller_ones(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records([b"a", b"b"], [b"1", b"2"], range(2)), 0)
    for outcome in (CallFailure("AccessDeniedException", "no", permanent=True), REFUSED_CONTENT):
        dispatcher.settle(called(dispatcher, 100), outcome, 0)
    assert str(dispatcher.circuit.state) == "open"
    smaller = called(dispatcher, 100)
    assert keys_of(smaller) == [b"a"]
    dispatcher.settle(smaller, fine(1), 0)
    assert dispatcher.circuit.state == "closed"
    assert keys_of(called(dispatcher, 100)) == [b"b"]


def test_small_batches_of_several_partitions_share_a_call(dispatcher: Dispatcher):
    for number in range(3):
        dispatcher.offer(Lane(Partition("t", number)), records([b"same"], [b"x"], [0]), 0)
    assert keys_of(called(dispatcher, 0)) == [b"same"] * 3


def test_a_given_up_partition_sends_nothing_more_and_frees_its_memory(dispatcher: Dispatcher, lane: Lane):
    batch, later = records([b"a", b"a", b"b"], [b"1", b"2", b"3"], range(3)), records([b"c"], [b"4"], [3])
    handed = batch.footprint + later.footprint
    dispatcher.offer(lane, batch, 0)
    call = called(dispatcher, 0)
    dispatcher.offer(lane, later, 0)
    dispatcher.abandon([lane])
    dispatcher.settle(call, Answer({0: "Throttled"}, Placements([b"", b"1"], [b"", b"s"])), 0)
    assert dispatcher.next_call(100) is None
    assert dispatcher.feed.released == handed


def test_a_sequence_number_that_goes_back_in_its_shard_is_counted_there(lane: Lane):
    metrics = Metrics("r")
    dispatcher = new_dispatcher(metrics)
    dispatcher.offer(lane, records([b"a", b"a"], [b"1", b"2"], range(2)), 0)
    for number in (20, 10):
        dispatcher.settle(called(dispatcher, 1), fine(number), 0)
    labels = {"route": "r", "shard": "shardId-000000000000"}
    assert metrics.registry.get_sample_value("streamops_connector_inversions_total", labels) == 1


def test_dropped_records_never_hold_the_watermark(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records([b"a"], [b"1"], [1]), 0, dropped=[0, 2])
    assert lane.watermark.position == 1
    dispatcher.settle(called(dispatcher, 0), fine(1), 0)
    assert lane.watermark.position == 3


def test_a_parked_record_holds_the_watermark_until_somebody_acknowledges_it(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records([b"a", b"b"], [b"1", b"3"], [1, 3]), 0, dropped=[0], parked=[2])
    dispatcher.settle(called(dispatcher, 0), fine(1, 2), 0)
    assert lane.watermark.position == 2
    lane.watermark.acknowledge((2,))
    assert lane.watermark.position == 4
