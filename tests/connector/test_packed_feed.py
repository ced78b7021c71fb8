"""The feed of packed records against a stream that is resharded, on a clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.batch import Partition, Records, records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.firehose.line_packing import LinePacking
from connector.kinesis.kpl_packing import KplPacking
from connector.packed_feed import PackedFeed
from connector.parcels import Parcel, Queue
from tests.connector.packed_simulation import Simulation, place

LIMITS = CallLimits(records=10, size=1000)
LINGER = 1.0
RETRY = 10.0


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_readers_miss_nothing_and_each_key_keeps_its_order_through_every_fault_and_reshard(seed: int):
    simulation = Simulation(Random(seed))
    simulation.run(150)
    assert {place(record.data) for record in simulation.reading.records} == simulation.wanted - simulation.at_fault
    assert set(simulation.put_aside) == simulation.at_fault
    assert simulation.violations() == 0
    for lane in simulation.lanes:
        assert lane.watermark.position == lane.watermark.end
    assert simulation.feed.released == simulation.handed
    assert not simulation.feed.is_full()
    assert simulation.feed.wake_at() is None


def test_the_faults_and_the_reshards_really_happen():
    happened: Counter[str] = Counter()
    dropped = 0
    for seed in range(10):
        simulation = Simulation(Random(seed))
        simulation.run(150)
        happened += simulation.happened
        dropped += simulation.reading.dropped
    kinds = ("partial", "failed", "lost", "refused content", "split", "merged", "abandoned under way", "packed")
    assert min(happened[kind] for kind in kinds) >= 5, happened
    assert dropped > 5


def test_without_looking_where_aggregates_lie_readers_miss_records(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(KplPacking, "is_in_vain", lambda *_: False)
    missing = 0
    for seed in range(10):
        simulation = Simulation(Random(seed))
        simulation.run(150)
        got = {place(record.data) for record in simulation.reading.records}
        missing += len(simulation.wanted - simulation.at_fault - got)
    assert missing > 10


def deleted(seed: int, *, doubts: bool = True) -> tuple[Simulation, int]:
    """Play with streams that are deleted and made anew; return how many records readers missed."""
    simulation = Simulation(Random(seed), doubts=doubts)
    simulation.run(300, deleting=True)
    got = {place(record.data) for record in simulation.reading.records}
    return simulation, len(simulation.wanted - simulation.at_fault - got)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_readers_miss_nothing_of_a_stream_that_is_deleted_and_made_anew_with_other_shards(seed: int):
    simulation, missed = deleted(seed)
    assert missed == 0
    assert simulation.violations() == 0
    assert simulation.feed.released == simulation.handed
    assert simulation.feed.wake_at() is None


def test_without_a_doubt_when_calls_fail_readers_miss_records_of_the_stream_that_is_made_anew():
    played = [deleted(seed, doubts=False) for seed in range(50)]
    assert sum(len(simulation.former) for simulation, _ in played) >= 25
    assert sum(missed for _, missed in played) > 0


class Overtaking(PackedFeed):
    """Routes anew without waiting for what is under way by the old routes."""

    def _is_routed(self) -> bool:
        under_way, self._under_way = self._under_way, 0
        is_routed = super()._is_routed()
        self._under_way = under_way
        return is_routed


def test_rerouting_before_the_old_routes_are_empty_would_break_the_order():
    violations = 0
    for seed in range(25):
        simulation = Simulation(Random(seed), lambda packing, backoff: Overtaking(packing, backoff, 0.5, 3000))
        simulation.run(600)
        violations += simulation.violations()
    assert violations > 0


def test_two_packed_records_of_a_shard_under_way_would_break_the_order(monkeypatch: pytest.MonkeyPatch):
    original = Queue.take

    def unmarked(self: Queue, counts: list[int]) -> Parcel:
        parcel = original(self, counts)
        self.is_under_way = False
        return parcel

    monkeypatch.setattr(Queue, "take", unmarked)
    simulation = Simulation(Random(1))
    simulation.run(150, resharding=False)
    assert simulation.violations() > 0


@pytest.fixture
def lane() -> Lane:
    return Lane(Partition("t", 0))


def new_feed(size: int = 100, ahead: int = 500, messages: int | None = None) -> PackedFeed:
    backoff = Backoff(RETRY, RETRY, lambda _, most: most)
    return PackedFeed(LinePacking(size, messages), backoff, LINGER, ahead)


@pytest.fixture
def feed() -> PackedFeed:
    return new_feed()


def offer(feed: PackedFeed, lane: Lane, first: int, count: int, now: float = 0.0, size: int = 10) -> Records:
    content = records(
        [b"k"] * count, [b"%0*d\n" % (size - 1, n) for n in range(first, first + count)], range(first, first + count)
    )
    lane.watermark.track(content.offsets)
    feed.offer(lane, content, now)
    return content


def messages(pieces: Sequence[Piece]) -> list[list[int]]:
    return [list(map(int, piece.records.data[0].split())) for piece in pieces]


def test_a_few_records_wait_for_company_and_no_longer_than_linger(feed: PackedFeed, lane: Lane):
    offer(feed, lane, 0, 2, now=5.0)
    offer(feed, lane, 2, 1, now=5.5)
    assert feed.fill(LIMITS, 5.9) == []
    assert feed.wake_at() == 6.0
    assert messages(feed.fill(LIMITS, 6.0)) == [[0, 1, 2]]
    assert feed.wake_at() is None


def test_a_full_packed_record_waits_for_nothing_and_the_rest_for_its_answer(feed: PackedFeed, lane: Lane):
    offer(feed, lane, 0, 14)
    (piece,) = feed.fill(LIMITS, 0.0)
    assert messages([piece]) == [list(range(10))]
    assert feed.fill(LIMITS, 100.0) == []
    assert feed.taken(piece) == 10
    assert messages(feed.fill(LIMITS, 100.0)) == [[10, 11, 12, 13]]
    assert lane.watermark.position == 10


def test_in_haste_nothing_waits_but_what_must_be_sent_again(feed: PackedFeed, lane: Lane):
    offer(feed, lane, 0, 1)
    feed.hasty = True
    (piece,) = feed.fill(LIMITS, 0.0)
    feed.failed(piece, None, 0.0)
    offer(feed, lane, 1, 1)
    assert feed.fill(LIMITS, RETRY - 0.1) == []
    assert messages(feed.fill(LIMITS, RETRY)) == [[0, 1]]


def test_when_it_is_full_nothing_waits_for_company(lane: Lane):
    feed = new_feed(size=100_000, ahead=500)
    other = Lane(Partition("t", 1))
    offer(feed, lane, 0, 30)
    assert not feed.is_full()
    assert feed.fill(LIMITS, 0.0) == []
    offer(feed, other, 0, 20)
    assert feed.is_full()
    assert len(feed.fill(LIMITS, 0.0)) == 2
    assert not feed.is_full()


def test_a_retry_leaves_when_its_backoff_says_even_if_it_had_lingered_to_an_earlier_moment(
    feed: PackedFeed, lane: Lane
):
    offer(feed, lane, 0, 1, now=0.0)
    feed.hasty = True
    (piece,) = feed.fill(LIMITS, 0.1)
    feed.hasty = False
    feed.failed(piece, None, 0.2)
    assert feed.fill(LIMITS, LINGER) == []
    assert feed.wake_at() == 0.2 + RETRY
    assert messages(feed.fill(LIMITS, 0.2 + RETRY)) == [[0]]


def test_what_does_not_fit_into_a_call_leaves_with_the_next_one(lane: Lane):
    feed = new_feed(size=600)
    other = Lane(Partition("t", 1))
    offer(feed, lane, 0, 60)
    offer(feed, other, 0, 60)
    assert [len(feed.fill(LIMITS, 0.0)) for _ in range(3)] == [1, 1, 0]
    assert feed.wake_at() is None


def test_the_record_at_fault_is_found_by_halving_and_the_others_are_taken(feed: PackedFeed, lane: Lane):
    other = Lane(Partition("t", 1))
    offer(feed, lane, 0, 10)
    offer(feed, other, 0, 10)
    found: list[Refused] = []
    sizes: list[list[int]] = []
    now = 0.0
    while (pieces := feed.fill(LIMITS, now)) or feed.wake_at() is not None:
        now = max(now, feed.wake_at() or now)
        sizes.append([len(each) for each in messages(pieces)])
        bad = [
            isinstance(piece, Parcel) and piece.parts[0].lane is lane and 7 in piece.content.offsets for piece in pieces
        ]
        for piece in pieces:
            if any(bad):
                alone = sum(each.messages for each in pieces) == 1
                found += feed.suspected(piece, len(pieces) // 2, at_fault=alone)
            else:
                feed.taken(piece)
    assert [(refused.lane, refused.offset, refused.data) for refused in found] == [(lane, 7, b"000000007\n")]
    assert [size for size in sizes if size] == [[10, 10], [10], [10], [5], [5], [2], [3], [1], [1], [1]]
    assert lane.watermark.position == 7
    assert other.watermark.position == 10


def test_a_given_up_lane_leaves_nothing_behind_wherever_its_records_are(feed: PackedFeed, lane: Lane):
    other = Lane(Partition("t", 1))
    handed = offer(feed, lane, 0, 14).footprint
    (under_way,) = feed.fill(LIMITS, 0.0)
    handed += offer(feed, lane, 14, 3).footprint
    offer(feed, other, 0, 1)
    feed.abandon([lane])
    handed += offer(feed, lane, 17, 1).footprint
    feed.failed(under_way, None, 0.0)
    assert feed.released == handed
    assert messages(feed.fill(LIMITS, 100.0)) == [[0]]
    assert feed.wake_at() is None


def test_a_record_refused_in_a_lane_that_was_given_up_is_its_next_owners_to_decide(feed: PackedFeed, lane: Lane):
    handed = offer(feed, lane, 0, 1)
    (piece,) = feed.fill(LIMITS, LINGER)
    feed.abandon([lane])
    assert list(feed.suspected(piece, 0, at_fault=True)) == []
    assert feed.released == handed.footprint
