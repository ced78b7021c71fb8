"""The engine's rules against a model stream, without input and output.

A simulated target refuses records one by one, fails whole calls, and takes records of calls whose
answer is lost. Calls overtake each other. After every step nothing may be out of order, and the
watermark must not be ahead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.batch import Partition, records
from connector.circuit import Circuit
from connector.dispatcher import Call, CallLimits, Dispatcher, Lane
from connector.metrics import Metrics
from connector.ordering import KeyOrder
from connector.outcome import Answer, CallFailure

LIMITS = CallLimits(records=5, size=200)
LOST_ANSWER = CallFailure("RequestTimeout", "no answer")


@dataclass
class Simulation:
    """A dispatcher, a model of the stream, and a random world between them."""

    random: Random
    ordered: bool = True
    lanes: list[Lane] = field(default_factory=list)
    produced: dict[Partition, list[tuple[str, int]]] = field(default_factory=dict)
    stream: list[tuple[Partition, str, int]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    last_acknowledged: dict[Partition, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(LIMITS, Backoff(1, 8, self.random.uniform), Circuit(), Metrics("r"))
        for number in range(2):
            partition = Partition("t", number)
            self.lanes.append(Lane(partition, order=KeyOrder() if self.ordered else None))
            self.produced[partition] = []
        self.under_way: list[Call] = []
        self.now = 0.0
        self.handed = 0

    def produce(self) -> None:
        lane = self.random.choice(self.lanes)
        known = self.produced[lane.partition]
        first = known[-1][1] + 1 + self.random.choice([0, 0, 3]) if known else 0
        keys = [self.random.choice("abcdefgh") for _ in range(self.random.randint(1, 9))]
        if len(set(keys)) < len(keys):
            self.happened["repeated key"] += 1
        offsets = range(first, first + len(keys))
        batch = records(keys, [bytes(self.random.randint(0, 90)) for _ in keys], offsets)
        known += zip(keys, offsets, strict=True)
        self.handed += batch.footprint
        self.dispatcher.offer(lane, batch)

    def send(self) -> bool:
        call = self.dispatcher.next_call(self.now)
        if call is None:
            return False
        assert len(call) <= LIMITS.records
        assert len(call) == 1 or sum(piece.records.size for piece in call.pieces) <= LIMITS.size
        if self.ordered:
            named = [(piece.lane.partition, key) for piece in call.pieces for key in piece.records.keys]
            assert len(set(named)) == len(named)
        self.under_way.append(call)
        return True

    def settle(self) -> None:
        call = self.under_way.pop(self.random.randrange(len(self.under_way)))
        kind = self.random.choices(["fine", "partial", "failed", "lost"], [6, 3, 1, 1])[0]
        count = len(call)
        refused = [kind == "failed" or (kind == "partial" and self.random.random() < 0.4) for _ in range(count)]
        arrived = [
            (piece.lane.partition, key, offset)
            for piece in call.pieces
            for key, offset in zip(piece.records.keys, piece.records.offsets, strict=True)
        ]
        numbers = []
        for record, is_refused in zip(arrived, refused, strict=True):
            if not is_refused:
                self.stream.append(record)
                if kind != "lost":
                    self.last_acknowledged[record[0]] = max(self.last_acknowledged.get(record[0], 0), record[2] + 1)
            numbers.append("" if is_refused else f"{len(self.stream):056d}")
        self.happened[kind] += any(refused) or kind == "lost"
        if kind == "failed":
            self.dispatcher.settle(call, CallFailure("InternalFailure", "on demand"), self.now)
        elif kind == "lost":
            self.dispatcher.settle(call, LOST_ANSWER, self.now)
        else:
            codes = ["Throttled" if r else None for r in refused] if any(refused) else None
            self.dispatcher.settle(call, Answer(codes, numbers), self.now)

    def check(self) -> None:
        arrived = {(partition, offset) for partition, _, offset in self.stream}
        for lane in self.lanes:
            position = lane.watermark.position
            for _, offset in self.produced[lane.partition]:
                assert position is None or offset >= position or (lane.partition, offset) in arrived

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
            self.check()

    def violations(self) -> int:
        latest: dict[tuple[Partition, str], int] = {}
        seen: set[tuple[Partition, int]] = set()
        count = 0
        for partition, key, offset in self.stream:
            if (partition, offset) in seen:
                continue
            seen.add((partition, offset))
            count += latest.get((partition, key), -1) > offset
            latest[partition, key] = max(offset, latest.get((partition, key), -1))
        return count


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_lost_and_each_key_keeps_its_order_through_every_fault(seed: int):
    simulation = Simulation(Random(seed))
    simulation.run(120)
    arrived = {(partition, offset) for partition, _, offset in simulation.stream}
    wanted = {(partition, offset) for partition, known in simulation.produced.items() for _, offset in known}
    assert arrived == wanted
    assert simulation.violations() == 0
    for lane in simulation.lanes:
        assert lane.watermark.position == lane.watermark.end
    assert simulation.dispatcher.released == simulation.handed
    assert simulation.dispatcher.in_flight == 0


def test_the_faults_and_the_repeated_keys_really_happen():
    happened: Counter[str] = Counter()
    for seed in range(10):
        simulation = Simulation(Random(seed))
        simulation.run(120)
        happened += simulation.happened
    assert min(happened[kind] for kind in ("partial", "failed", "lost", "repeated key")) > 10


def test_without_the_ordering_rule_the_same_world_breaks_the_order():
    violations = 0
    for seed in range(10):
        simulation = Simulation(Random(seed), ordered=False)
        simulation.run(120)
        violations += simulation.violations()
    assert violations > 10


def test_committing_the_last_acknowledgement_would_lose_records():
    lost = 0
    for seed in range(10):
        simulation = Simulation(Random(seed))
        for _ in range(60):
            simulation.produce()
            simulation.send()
            if simulation.under_way:
                simulation.settle()
        arrived = {(partition, offset) for partition, _, offset in simulation.stream}
        lost += sum(
            offset < simulation.last_acknowledged.get(partition, 0) and (partition, offset) not in arrived
            for partition, known in simulation.produced.items()
            for _, offset in known
        )
    assert lost > 10


@pytest.fixture
def lane() -> Lane:
    return Lane(Partition("t", 0))


@pytest.fixture
def dispatcher() -> Dispatcher:
    return Dispatcher(CallLimits(500, 10 << 20), Backoff(1, 8, lambda _, most: most), Circuit(), Metrics("r"))


def test_a_failed_record_is_resent_alone(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records(["a", "b", "c"], [b"1", b"2", b"3"], range(3)))
    call = dispatcher.next_call(0)
    assert call is not None
    dispatcher.settle(call, Answer([None, "Throttled", None], ["1", "", "2"]), 0)
    assert dispatcher.next_call(0.5) is None
    again = dispatcher.next_call(1.0)
    assert again is not None
    assert again.keys == ["b"]
    assert lane.watermark.position == 1


def test_a_failure_without_a_name_is_a_failure(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records(["a"], [b"1"], range(1)))
    call = dispatcher.next_call(0)
    assert call is not None
    dispatcher.settle(call, Answer([""], [""]), 0)
    assert lane.watermark.position == 0
    assert dispatcher.next_call(1.0) is not None


def test_a_permanent_failure_stops_all_calls_but_one_probe_and_recovers_by_itself(dispatcher: Dispatcher, lane: Lane):
    for number in range(2):
        dispatcher.offer(lane, records([str(number)], [bytes(6 << 20)], [number]))
    first, second = dispatcher.next_call(0), dispatcher.next_call(0)
    assert first is not None
    assert second is not None
    dispatcher.settle(first, CallFailure("AccessDeniedException", "no", permanent=True), 0)
    dispatcher.settle(second, CallFailure("AccessDeniedException", "no", permanent=True), 0)
    assert str(dispatcher.circuit.state) == "open"
    assert dispatcher.next_call(0.9) is None
    probe = dispatcher.next_call(2)
    assert probe is not None
    assert dispatcher.next_call(2) is None
    dispatcher.settle(probe, Answer(None, ["1"]), 2)
    assert dispatcher.circuit.state == "closed"
    assert dispatcher.next_call(2) is not None


def test_a_record_that_is_refused_for_itself_is_found_and_all_others_are_taken(dispatcher: Dispatcher, lane: Lane):
    other = Lane(Partition("t", 1))
    dispatcher.offer(lane, records([str(n) for n in range(300)], [b"x"] * 300, range(300)))
    dispatcher.offer(other, records([str(n) for n in range(150)], [b"x"] * 150, range(150)))
    sizes = []
    while (call := dispatcher.next_call(0)) is not None:
        sizes.append(len(call))
        at_fault = any(137 in piece.records.offsets for piece in call.pieces if piece.lane is lane)
        refusal = CallFailure("InvalidArgumentException", "no", refuses_content=True)
        dispatcher.settle(call, refusal if at_fault else Answer(None, ["1"] * len(call)), 0)
        assert dispatcher.circuit.state == "closed"
    assert sizes[0] == 450
    assert len(sizes) < 30
    assert lane.watermark.position == lane.barrier == 137
    assert lane.watermark.span == 163
    assert other.watermark.position == 150
    assert "t:0 offset 137: the target refuses the record (InvalidArgumentException: no)" in str(
        dispatcher.undeliverable
    )
    assert dispatcher.wake_at() is None
    assert dispatcher.in_flight == 0


def test_a_probe_that_is_refused_for_its_content_finds_the_target_well(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records(["a", "b"], [b"1", b"2"], range(2)))
    for outcome in (
        CallFailure("AccessDeniedException", "no", permanent=True),
        CallFailure("ValidationException", "no", refuses_content=True),
    ):
        call = dispatcher.next_call(100)
        assert call is not None
        dispatcher.settle(call, outcome, 0)
    assert dispatcher.circuit.state == "closed"
    half = dispatcher.next_call(100)
    assert half is not None
    assert len(half) == 1


def test_small_batches_of_several_partitions_share_a_call(dispatcher: Dispatcher):
    for number in range(3):
        dispatcher.offer(Lane(Partition("t", number)), records(["same"], [b"x"], [0]))
    call = dispatcher.next_call(0)
    assert call is not None
    assert call.keys == ["same"] * 3


def test_a_given_up_partition_sends_nothing_more_and_frees_its_memory(dispatcher: Dispatcher, lane: Lane):
    batch = records(["a", "a", "b"], [b"1", b"2", b"3"], range(3))
    dispatcher.offer(lane, batch)
    call = dispatcher.next_call(0)
    assert call is not None
    dispatcher.offer(lane, later := records(["c"], [b"4"], [3]))
    dispatcher.abandon([lane])
    dispatcher.settle(call, Answer(["Throttled", None], ["", "1"]), 0)
    assert dispatcher.next_call(100) is None
    assert dispatcher.released == batch.footprint + later.footprint


def test_a_sequence_number_that_goes_back_within_a_key_is_counted(lane: Lane):
    metrics = Metrics("r")
    dispatcher = Dispatcher(CallLimits(500, 1 << 20), Backoff(1, 8), Circuit(), metrics)
    dispatcher.offer(lane, records(["a", "a"], [b"1", b"2"], range(2)))
    for number in ("20", "10"):
        call = dispatcher.next_call(0)
        assert call is not None
        dispatcher.settle(call, Answer(None, [number]), 0)
    assert (
        metrics.registry.get_sample_value("streamops_connector_inversions_total", {"route": "r", "partition": "0"}) == 1
    )


def test_dropped_records_never_hold_the_watermark(dispatcher: Dispatcher, lane: Lane):
    dispatcher.offer(lane, records(["a"], [b"1"], [1]), dropped=[0, 2])
    assert lane.watermark.position == 1
    call = dispatcher.next_call(0)
    assert call is not None
    dispatcher.settle(call, Answer(None, ["1"]), 0)
    assert lane.watermark.position == 3
