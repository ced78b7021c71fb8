"""What leaves when: company for small calls, retries with new records, and the search for a record at fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from connector.backoff import Backoff
from connector.batch import Partition, Records, records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.keyed_feed import KeyedFeed
from connector.outcome import Answer

LIMITS = CallLimits(records=10, size=1000)
LINGER = 1.0
RETRY = 8.0
COMPANY = 0.005  # the longest wait of what comes back for new records


def new_feed(*, linger: float = LINGER, ordered: bool = True) -> KeyedFeed:
    return KeyedFeed(LIMITS, Backoff(RETRY, RETRY, lambda _, most: most), linger, ordered=ordered)


@pytest.fixture
def feed() -> KeyedFeed:
    return new_feed()


@pytest.fixture
def lane() -> Lane:
    return Lane(Partition("t", 0))


def offer(feed: KeyedFeed, lane: Lane, keys: Sequence[bytes], first: int = 0, now: float = 0.0, size: int = 1) -> None:
    offsets = range(first, first + len(keys))
    lane.watermark.track(offsets)
    feed.offer(lane, records(list(keys), [bytes(size)] * len(keys), offsets), now)


def different(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def fill(feed: KeyedFeed, now: float) -> list[Piece]:
    return feed.fill(LIMITS, now)


def offsets_of(pieces: list[Piece]) -> list[list[int]]:
    return [list(piece.records.offsets) for piece in pieces]


def test_a_small_batch_waits_for_company_and_no_longer_than_linger(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(3), now=5.0)
    assert fill(feed, 5.9) == []
    assert feed.wake_at() == 6.0
    assert offsets_of(fill(feed, 6.0)) == [[0, 1, 2]]
    assert feed.wake_at() is None


def test_a_full_call_waits_for_nothing(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(6))
    offer(feed, lane, different(10)[6:], first=6)
    assert feed.wake_at() == 0.0
    assert offsets_of(fill(feed, 0.0)) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]


def test_in_haste_nothing_waits(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(1), now=5.0)
    feed.hasty = True
    assert feed.wake_at() == 0.0
    assert offsets_of(fill(feed, 5.0)) == [[0]]


def test_a_call_leaves_room_rather_than_part_a_run_but_one_larger_than_a_call_is_parted(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(6))
    offer(feed, lane, [b"x%d" % n for n in range(12)], first=6)
    assert [sum(map(len, offsets_of(fill(feed, 0.0)))) for _ in range(2)] == [6, 10]
    assert fill(feed, 0.0) == []
    assert offsets_of(fill(feed, LINGER)) == [[16, 17]]


def test_a_call_holds_no_more_bytes_than_it_may_and_a_record_above_that_goes_alone(feed: KeyedFeed, lane: Lane):
    # Peers: snowplow enrich #685, aws-fluent-plugin-kinesis #23.
    offer(feed, lane, different(4), size=400)
    offer(feed, lane, [b"large"], first=4, size=1500)
    offer(feed, lane, [b"after"], first=5)
    calls = [offsets_of(fill(feed, LINGER)) for _ in range(4)]
    assert calls == [[[0, 1]], [[2, 3]], [[4]], [[5]]]


def test_it_is_full_when_two_calls_wait(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(19))
    assert not feed.is_full()
    offer(feed, lane, [b"last"], first=19)
    assert feed.is_full()
    fill(feed, 0.0)
    assert not feed.is_full()


def test_a_key_that_waits_in_the_queue_holds_up_nobody(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a"] * 3)
    assert feed.held == 0
    fill(feed, LINGER)
    assert feed.held == 2


def test_what_follows_a_key_travels_with_new_records(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a", b"a"])
    (piece,) = fill(feed, LINGER)
    feed.taken(piece)
    assert fill(feed, LINGER) == [], "it waits a little for company"
    offer(feed, lane, different(9), first=2, now=LINGER)
    assert fill(feed, LINGER + COMPANY / 2) == []
    assert offsets_of(fill(feed, 2 * LINGER)) == [[1], [2, 3, 4, 5, 6, 7, 8, 9, 10]]


def test_what_follows_a_key_waits_for_company_no_longer_than_anybody_notices(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a", b"a"])
    (piece,) = fill(feed, LINGER)
    feed.taken(piece)
    assert feed.wake_at() == LINGER + COMPANY
    assert offsets_of(fill(feed, LINGER + COMPANY)) == [[1]]


def test_a_few_followers_of_several_pieces_leave_as_one_piece_by_offset(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"b", b"x"])
    offer(feed, lane, [b"a", b"a", b"b"], first=2)
    first, second = fill(feed, LINGER)
    feed.taken(second)
    feed.taken(first)
    (together,) = fill(feed, LINGER + COMPANY)
    assert (together.records.keys, list(together.records.offsets)) == ([b"a", b"b"], [3, 4])
    feed.taken(together)
    assert lane.watermark.position == 5
    assert feed.released == 5 * records([b"a"], [b"1"], [0]).footprint


def test_followers_of_other_lanes_stay_apart(feed: KeyedFeed, lane: Lane):
    other = Lane(Partition("t", 1))
    for each in (lane, other):
        offer(feed, each, [b"a", b"a"])
    for piece in fill(feed, LINGER):
        feed.taken(piece)
    assert offsets_of(fill(feed, LINGER + COMPANY)) == [[1], [1]]


def test_half_a_call_of_followers_waits_for_nobody(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(5) * 2)
    (piece,) = fill(feed, LINGER)
    feed.taken(piece)
    assert feed.wake_at() == 0.0
    assert offsets_of(fill(feed, LINGER)) == [[5, 6, 7, 8, 9]]


def test_a_retry_waits_as_the_backoff_says_and_then_travels_with_new_records(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(3))
    (piece,) = fill(feed, LINGER)
    feed.failed(piece, [1], LINGER)
    feed.taken(piece)
    assert feed.wake_at() == LINGER + RETRY
    offer(feed, lane, [b"new"], first=3, now=LINGER + RETRY - 0.5)
    assert fill(feed, LINGER + RETRY) == []
    pieces = fill(feed, LINGER + RETRY + 0.5)
    assert offsets_of(pieces) == [[1], [3]]
    assert [piece.attempt for piece in pieces] == [1, 0]
    assert lane.watermark.position == 1


def test_nothing_of_a_key_leaves_while_a_retry_of_it_waits(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a", b"b"])
    (piece,) = fill(feed, LINGER)
    feed.failed(piece, [0], LINGER)
    feed.taken(piece)
    offer(feed, lane, [b"a", b"b"], first=2, now=LINGER)
    assert offsets_of(fill(feed, 2 * LINGER)) == [[3]]
    assert feed.held == 1
    assert fill(feed, LINGER + RETRY) == []
    (again,) = fill(feed, LINGER + RETRY + COMPANY)
    assert list(again.records.offsets) == [0]
    feed.taken(again)
    assert offsets_of(fill(feed, 3 * RETRY)) == [[2]]


def test_without_order_a_key_may_be_under_way_many_times(lane: Lane):
    feed = new_feed(ordered=False)
    offer(feed, lane, [b"a"] * 5)
    assert offsets_of(fill(feed, LINGER)) == [[0, 1, 2, 3, 4]]
    assert feed.held == 0


def test_records_of_a_refused_call_go_in_smaller_ones_until_one_is_alone(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(10))
    calls: list[list[list[int]]] = []
    found: list[Refused] = []
    while pieces := fill(feed, LINGER):
        calls.append(offsets_of(pieces))
        count = sum(len(piece.records) for piece in pieces)
        for piece in pieces:
            if 7 in piece.records.offsets:
                found += feed.suspected(piece, count // 2, at_fault=count == 1)
            else:
                feed.taken(piece)
    assert calls[:3] == [[list(range(10))], [[0, 1, 2, 3, 4]], [[5, 6, 7, 8, 9]]]
    assert [(refused.lane, refused.offset, refused.key, refused.data) for refused in found] == [(lane, 7, b"7", b"\0")]
    assert all(len(call) == 1 for call in calls[1:])
    assert lane.watermark.position == 7
    assert feed.wake_at() is None


def test_suspects_of_several_partitions_are_looked_at_apart(feed: KeyedFeed, lane: Lane):
    other = Lane(Partition("t", 1))
    offer(feed, lane, different(1))
    offer(feed, other, different(1))
    pieces = fill(feed, LINGER)
    assert [list(feed.suspected(piece, 1, at_fault=False)) for piece in pieces] == [[], []]
    assert feed.wake_at() == 0.0
    assert [len(fill(feed, LINGER)) for _ in range(3)] == [1, 1, 0]


def test_what_follows_a_refused_record_waits_until_its_fate_is_decided(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a", b"a"])
    (piece,) = fill(feed, LINGER)
    (refused,) = feed.suspected(piece, 0, at_fault=True)
    assert fill(feed, 100.0) == []
    feed.settle(refused)
    assert offsets_of(fill(feed, 200.0)) == [[1]]


def test_a_given_up_lane_leaves_nothing_behind_wherever_its_records_wait(feed: KeyedFeed, lane: Lane):
    other = Lane(Partition("t", 1))
    handed = 0

    def give(keys: list[bytes], first: int) -> Piece:
        nonlocal handed
        offer(feed, lane, keys, first=first)
        handed += records(keys, [b"x"] * len(keys), range(len(keys))).footprint
        (piece,) = fill(feed, LINGER)
        return piece

    retried = give([b"retried"], 0)
    suspected = give([b"suspected", *different(3)], 1)
    followed = give([b"followed", b"followed"], 5)
    under_way = give([b"under way", b"held"], 7)
    handed += records([b"held", b"new"], [b"x"] * 2, [0, 1]).footprint
    offer(feed, lane, [b"held"], first=9)
    assert fill(feed, LINGER) == []
    offer(feed, lane, [b"new"], first=10)
    feed.failed(retried, None, 0.0)
    assert list(feed.suspected(suspected, 2, at_fault=False)) == []
    feed.taken(followed)
    offer(feed, other, [b"other"])
    feed.abandon([lane])
    feed.failed(under_way, None, 0.0)
    assert feed.released == handed
    assert (feed.held, feed.queued) == (0, 1)
    assert offsets_of(fill(feed, 100.0)) == [[0]]
    assert feed.wake_at() is None
    feed.offer(lane, records([b"late"], [b"x"], [11]), 100.0)
    assert feed.wake_at() is None


def test_a_record_refused_in_a_lane_that_was_given_up_is_its_next_owners_to_decide(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, [b"a"])
    (piece,) = fill(feed, LINGER)
    feed.abandon([lane])
    assert list(feed.suspected(piece, 0, at_fault=True)) == []
    assert feed.released == piece.records.footprint


class Turnstile:
    """A gate that lets as many records through to each place as the test says; the place is a key's first byte."""

    def __init__(self) -> None:
        self.is_engaged = False
        self.room: dict[str, int] = {}
        self.opens_at = 50.0

    @property
    def limits(self) -> Mapping[str, float]:
        return {}

    def places(self, records: Records) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for index, key in enumerate(records.keys):
            found.setdefault(key[:1].decode(), []).append(index)
        return found

    def grant(self, place: str, sizes: Sequence[int], now: float) -> int:  # noqa: ARG002 - the protocol's signature
        granted = min(self.room.get(place, 1000), len(sizes))
        self.room[place] = self.room.get(place, 1000) - granted
        return granted

    def ready_at(self, place: str, now: float) -> float:
        return self.opens_at if not self.room.get(place, 1000) else now

    def observe(self, parts: Sequence[Records], answer: Answer, now: float) -> None:
        """Nothing is learnt."""


@pytest.fixture
def gate() -> Turnstile:
    return Turnstile()


@pytest.fixture
def gated(gate: Turnstile) -> KeyedFeed:
    return KeyedFeed(LIMITS, Backoff(RETRY, RETRY, lambda _, most: most), LINGER, ordered=True, gate=gate)


def test_a_gate_that_is_not_engaged_holds_nothing_back(gate: Turnstile, gated: KeyedFeed, lane: Lane):
    gate.room = {"h": 0}
    offer(gated, lane, [b"hot", b"cold"])
    assert offsets_of(fill(gated, LINGER)) == [[0, 1]]


def test_what_its_place_refuses_waits_and_everything_else_flows(gate: Turnstile, gated: KeyedFeed, lane: Lane):
    gate.is_engaged, gate.room = True, {"h": 1}
    offer(gated, lane, [b"h0", b"h1", b"c0", b"h2", b"c1"])
    assert offsets_of(fill(gated, LINGER)) == [[0, 2, 4]]
    assert gated.paced == 2
    assert gated.wake_at() == gate.opens_at
    gate.room["h"] = 1
    assert offsets_of(fill(gated, 50.0)) == [[1]]
    gate.room["h"] = 5
    assert offsets_of(fill(gated, 50.0)) == [[3]]
    assert (gated.paced, gated.wake_at()) == (0, None)


def test_what_waits_at_a_place_goes_before_what_comes_later(gate: Turnstile, gated: KeyedFeed, lane: Lane):
    gate.is_engaged, gate.room = True, {"h": 0}
    offer(gated, lane, [b"h0", b"h1"])
    assert fill(gated, LINGER) == []
    gate.room["h"] = 1
    offer(gated, lane, [b"h2", b"c0"], first=2, now=LINGER)
    gated.hasty = True
    assert offsets_of(fill(gated, LINGER)) == [[0], [3]]
    gate.room["h"] = 10
    assert offsets_of(fill(gated, LINGER)) == [[1], [2]]


def test_a_record_that_its_place_holds_back_is_under_way_for_its_key(gate: Turnstile, gated: KeyedFeed, lane: Lane):
    gate.is_engaged, gate.room = True, {"h": 0}
    offer(gated, lane, [b"h0"])
    assert fill(gated, LINGER) == []
    offer(gated, lane, [b"h0"], first=1, now=LINGER)
    gate.room["h"] = 10
    assert offsets_of(fill(gated, 2 * LINGER)) == [[0]]
    assert (gated.held, gated.paced) == (1, 0)
    assert lane.watermark.position == 0


def test_what_a_place_holds_back_of_a_given_up_lane_is_dropped(gate: Turnstile, gated: KeyedFeed, lane: Lane):
    gate.is_engaged, gate.room = True, {"h": 0}
    offer(gated, lane, [b"h0", b"h1"])
    handed = records([b"h0", b"h1"], [b"x", b"x"], range(2)).footprint
    assert fill(gated, LINGER) == []
    gated.abandon([lane])
    assert (gated.released, gated.paced, gated.wake_at()) == (handed, 0, None)
    gate.room["h"] = 10
    assert fill(gated, 100.0) == []


def test_what_comes_back_leaves_though_new_records_always_fill_the_call(feed: KeyedFeed, lane: Lane):
    offer(feed, lane, different(4), size=240)
    (piece,) = fill(feed, LINGER)
    feed.failed(piece, None, LINGER)
    other, now, first = Lane(Partition("t", 1)), LINGER, 0
    for _ in range(200):
        now += 0.1
        while not feed.is_full():
            offer(feed, other, different(4), first=first, now=now - LINGER, size=240)
            first += 4
        for left in fill(feed, now):
            feed.taken(left)
    assert lane.watermark.position == 4
    assert now > LINGER + RETRY
