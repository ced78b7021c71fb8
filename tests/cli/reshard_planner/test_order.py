"""The order of splits and merges: every law for every map, even or not."""

from __future__ import annotations

from collections import deque
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.stream.live import KEY_SPACE
from cli.stream.resharding.operations import Merge, Split, apply
from cli.stream.resharding.order import Order, capacity_first, ordered, sweep
from cli.stream.resharding.shard_map import ShardMap, even_cuts
from cli.stream.resharding.summary import summarize

places = st.integers(1, KEY_SPACE - 1) | st.integers(1, 40).map(lambda part: KEY_SPACE * part // 41)


@st.composite
def two_maps(draw, most: int = 30) -> tuple[ShardMap, ShardMap]:
    """Two maps that share some cuts, at times crowded into one corner."""
    pool = sorted(draw(st.sets(places, max_size=most)))
    kept = draw(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=len(pool), max_size=len(pool)))
    there = tuple(cut for cut, (now, _) in zip(pool, kept, strict=True) if now)
    wanted = tuple(cut for cut, (_, after) in zip(pool, kept, strict=True) if after)
    return ShardMap(there), ShardMap(wanted)


def even(count: int) -> ShardMap:
    return ShardMap(even_cuts(count))


def maps(now: ShardMap, operations) -> list[ShardMap]:
    """Each map that the operations lead through; ``apply`` refuses what Kinesis would."""
    return list(accumulate(operations, apply, initial=now))


@pytest.mark.parametrize("order", Order)
@given(pair=two_maps())
def test_every_step_is_legal_and_the_last_map_is_the_wanted_one(order, pair):
    now, wanted = pair
    assert maps(now, ordered(now, wanted, order))[-1] == wanted


@pytest.mark.parametrize("order", Order)
@given(pair=two_maps())
def test_the_operations_are_the_cuts_that_differ(order, pair):
    now, wanted = pair
    operations = ordered(now, wanted, order)
    assert {cut.at for cut in operations if isinstance(cut, Split)} == set(wanted.cuts) - set(now.cuts)
    assert {cut.right[0] for cut in operations if isinstance(cut, Merge)} == set(now.cuts) - set(wanted.cuts)
    assert len(operations) == len(set(now.cuts) ^ set(wanted.cuts))


@given(pair=two_maps())
def test_a_sweep_opens_one_shard_more_than_the_larger_count_at_most_and_never_fewer_than_the_smaller(pair):
    now, wanted = pair
    counts = [step.count for step in maps(now, sweep(now, wanted))]
    assert max(counts) <= max(now.count, wanted.count) + 1
    assert min(counts) == min(now.count, wanted.count)


@pytest.mark.parametrize("order", Order)
@given(pair=two_maps())
def test_every_shard_in_between_lies_inside_one_of_before_or_of_after(order, pair):
    now, wanted = pair
    whole = now.ranges() + wanted.ranges()
    for step in maps(now, ordered(now, wanted, order)):
        for start, end in step.ranges():
            assert any(first <= start and end <= last for first, last in whole)


def plain_sweep(now: ShardMap, wanted: ShardMap) -> list[Split | Merge]:
    """From low to high: make each edge of a wanted shard, then merge what lies in it."""
    operations: list[Split | Merge] = []
    for start, end in wanted.ranges():
        inside = sorted({cut for cut in now.cuts if start < cut <= end} - set(wanted.cuts))
        if end + 1 < KEY_SPACE and end + 1 not in now.cuts:
            below = max([cut for cut in now.cuts if cut <= end] + [start])
            above = min([cut for cut in now.cuts if cut > end] + [KEY_SPACE])
            operations.append(Split(max(below, start), above - 1, end + 1))
        for number, cut in enumerate(inside):
            after = inside[number + 1] if number + 1 < len(inside) else end + 1
            operations.append(Merge((start, cut - 1), (cut, after - 1)))
    return operations


def test_a_plain_sweep_breaks_the_peak_where_the_shards_crowd_at_the_far_end():
    """The negative control: that the peak holds is the order's doing."""
    now = ShardMap(tuple(KEY_SPACE - 36 + number for number in range(1, 36)))
    plain, ours = ([step.count for step in maps(now, plan(now, even(37)))] for plan in (plain_sweep, sweep))
    assert max(plain) > 38
    assert max(ours) <= 38


@settings(max_examples=30)
@given(pair=two_maps(most=6))
def test_no_shorter_way_exists(pair):
    now, wanted = pair
    cuts = sorted(set(now.cuts) | set(wanted.cuts))
    distances, waiting = {now.cuts: 0}, deque([now])
    while waiting:
        here = waiting.popleft()
        for cut in cuts:
            other = ShardMap(tuple(sorted(set(here.cuts) ^ {cut})))
            if other.cuts not in distances:
                distances[other.cuts] = distances[here.cuts] + 1
                waiting.append(other)
    assert len(sweep(now, wanted)) == distances[wanted.cuts]


@pytest.mark.parametrize(
    ("before", "after", "splits", "merges", "sweep_peak", "capacity_first_peak"),
    [
        (3, 4, 3, 2, 5, 6),
        (10, 12, 10, 8, 13, 20),
        (32, 46, 44, 30, 47, 76),
        (46, 32, 30, 44, 47, 76),
        (75, 188, 187, 74, 188, 262),
        (100, 75, 50, 75, 101, 150),
        (7, 14, 7, 0, 14, 14),
        (14, 7, 0, 7, 14, 14),
    ],
)
def test_even_maps(before, after, splits, merges, sweep_peak, capacity_first_peak):
    now, wanted = even(before), even(after)
    swept = summarize(now, sweep(now, wanted), wanted)
    first = summarize(now, capacity_first(now, wanted), wanted)
    assert (swept.splits, swept.merges) == (first.splits, first.merges) == (splits, merges)
    assert (swept.peak_open_shards, first.peak_open_shards) == (sweep_peak, capacity_first_peak)
    assert swept.min_open_shards == min(before, after)


@given(pair=two_maps())
def test_capacity_first_has_fewer_shards_only_once_all_that_are_wanted_are_there(pair):
    now, wanted = pair
    kinds = [type(operation) for operation in capacity_first(now, wanted)]
    assert kinds == sorted(kinds, key=[Split, Merge].index)


@settings(max_examples=5)
@given(pair=two_maps(most=200))
def test_a_sweep_of_an_even_map_goes_from_low_to_high(pair):
    _, other = pair
    now, wanted = even(other.count), even(max(1, other.count // 2 + 3))
    splits = [operation.at for operation in sweep(now, wanted) if isinstance(operation, Split)]
    assert splits == sorted(splits)
