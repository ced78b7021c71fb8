"""The maps that a reshard can aim at."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.stream.live import KEY_SPACE
from cli.stream.load_profile import LoadProfile, Rate
from cli.stream.resharding import kept_cuts
from cli.stream.resharding.kept_cuts import most_kept
from cli.stream.resharding.load_measure import NARROWEST, LoadMeasure
from cli.stream.resharding.shard_map import NEAR, ShardMap, even_cuts
from cli.stream.resharding.targets import by_load, even, tolerant

cuts = st.sets(st.integers(1, 59), max_size=9).map(lambda parts: tuple(sorted(KEY_SPACE * p // 60 for p in parts)))
percent = st.integers(1, 60).map(lambda number: Fraction(number, 100))


def even_map(count: int) -> ShardMap:
    return ShardMap(even_cuts(count))


def changed(now: ShardMap, wanted: ShardMap) -> int:
    return len(set(now.cuts) ^ set(wanted.cuts))


@given(cuts, st.integers(1, 40))
def test_an_even_target_is_even_whatever_was_there(live, count):
    assert even(ShardMap(live), count).is_near(even_map(count))


@given(st.lists(st.integers(-NEAR, NEAR), min_size=11, max_size=11))
def test_cuts_that_are_rounded_otherwise_stay_as_they_are(errors):
    live = ShardMap(tuple(cut + error for cut, error in zip(even_cuts(12), errors, strict=True)))
    assert even(live, 12) == live
    assert live.is_even


def test_cuts_that_are_further_off_do_not_stay():
    live = ShardMap((KEY_SPACE // 2 + NEAR + 1,))
    assert even(live, 2) == even_map(2)
    assert not live.is_even


@pytest.mark.parametrize(
    ("before", "after", "percent", "operations"),
    [
        (10, 12, 25, 6),
        (12, 10, 25, 6),
        (32, 46, 5, 58),
        (32, 46, 10, 50),
        (46, 32, 5, 58),
        (46, 32, 10, 50),
        (46, 32, 34, 42),
        (3, 4, 34, 1),
        (3, 4, 0, 5),
    ],
)
def test_a_tolerance_saves_operations(before, after, percent, operations):
    now = even_map(before)
    assert changed(now, tolerant(now, after, Fraction(percent, 100))) == operations


@given(cuts, st.integers(1, 30), percent)
def test_no_shard_is_further_off_than_the_tolerance(live, count, tolerance):
    wanted = tolerant(ShardMap(live), count, tolerance)
    part = Fraction(KEY_SPACE, count)
    assert wanted.count == count
    assert all(abs(width - part) <= tolerance * part + NEAR for width in wanted.widths())


@given(cuts, st.integers(1, 20), percent)
def test_a_tolerance_never_costs_operations(live, count, tolerance):
    now = ShardMap(live)
    assert changed(now, tolerant(now, count, tolerance)) <= changed(now, even(now, count))


def fits(positions, total: int, count: int, least: int, most: int) -> bool:
    """Whether all cuts at ``positions`` can stay, tried out."""
    sums = {0}
    for low, high in pairwise((0, *positions, total)):
        counts = {k for k in range(1, count + 1) if k * least <= high - low <= k * most}
        sums = {before + k for before in sums for k in counts}
    return count in sums


@settings(max_examples=150)
@given(
    positions=st.sets(st.integers(1, 99), max_size=8).map(sorted),
    count=st.integers(1, 12),
    tolerance=percent,
)
def test_no_other_choice_keeps_more_cuts(positions, count, tolerance):
    part = Fraction(100, count)
    least, most = max(1, int((1 - tolerance) * part)), int((1 + tolerance) * part) + 1
    kept = most_kept(positions, 100, count, least, most)
    assert fits([positions[place] for place, _ in kept], 100, count, least, most)
    assert not any(fits(chosen, 100, count, least, most) for chosen in combinations(positions, len(kept) + 1))


def test_what_is_looked_at_of_a_large_map_is_enough_for_an_even_one(monkeypatch):
    now, tolerance = even_map(300), Fraction(10, 100)
    all_of_them = changed(now, tolerant(now, 233, tolerance))
    monkeypatch.setattr(kept_cuts, "MOST_PAIRS", 300 * 5)
    few = tolerant(now, 233, tolerance)
    assert changed(now, few) == all_of_them
    assert few.count == 233


def profile(live: ShardMap, loads) -> LoadProfile:
    return LoadProfile.of(
        (hash_keys, Rate(bytes_per_second=load)) for hash_keys, load in zip(live.ranges(), loads, strict=True)
    )


@st.composite
def loaded(draw) -> tuple[ShardMap, LoadProfile]:
    live = ShardMap(draw(cuts))
    loads = draw(st.lists(st.floats(0, 2e6), min_size=live.count, max_size=live.count))
    return live, profile(live, loads)


@given(loaded(), st.integers(1, 20), st.integers(0, 50))
def test_by_load_gives_the_count_and_no_slivers(shards, count, tolerance):
    live, load = shards
    allowed = Fraction(tolerance, 100)
    wanted = by_load(live, load, count, allowed)
    least = (1 - allowed) * Fraction(KEY_SPACE, count * NARROWEST)
    assert wanted.count == count
    assert min(wanted.widths()) >= least * Fraction(99, 100)


@given(loaded(), st.integers(2, 20))
def test_by_load_gives_every_shard_its_part_unless_that_would_make_slivers(shards, count):
    live, load = shards
    total = load.total.of_a_shard
    least = KEY_SPACE // (count * NARROWEST)
    densest = max(segment.rate.of_a_shard / segment.width for segment in load.segments)
    assume(total > 0.01)
    assume(all(segment.width >= least for segment in load.segments))
    assume(densest * least < total / count)
    for start, end in by_load(live, load, count, Fraction(0)).ranges():
        assert load.load(start, end).of_a_shard <= 1.02 * total / count


def test_a_hot_shard_is_divided_and_the_cold_ones_are_joined():
    live = even_map(4)
    load = profile(live, [900_000, 100_000, 100_000, 100_000])
    wanted = by_load(live, load, 4, Fraction(10, 100))
    assert changed(live, wanted) == 4
    assert [round(load.load(*shard).bytes_per_second, -4) for shard in wanted.ranges()] == [300_000] * 4


def test_a_single_hot_shard_among_many_costs_few_operations():
    live = even_map(32)
    load = profile(live, [300_000] * 10 + [1_200_000] + [300_000] * 21)
    wanted = by_load(live, load, 36)
    assert changed(live, wanted) == 4
    assert changed(live, by_load(live, load, 36, Fraction(0))) > 60
    assert max(load.load(*shard).bytes_per_second for shard in wanted.ranges()) < 310_000


def test_without_a_load_the_width_decides():
    assert by_load(even_map(2), LoadProfile(()), 4).is_even


def test_a_single_hot_key_gets_a_narrow_shard_and_the_rest_is_even():
    key = KEY_SPACE // 3
    load = LoadProfile.of(
        {
            (0, key - 1): Rate(100_000),
            (key, key): Rate(5_000_000),
            (key + 1, KEY_SPACE - 1): Rate(200_000),
        }
    )
    wanted = by_load(even_map(6), load, 6, Fraction(0))
    rest = [load.load(*shard).bytes_per_second for shard in wanted.ranges() if not shard[0] <= key <= shard[1]]
    assert max(rest) <= 100_000
    assert min(wanted.widths()) >= KEY_SPACE // (6 * NARROWEST) * 0.99


@given(loaded(), st.integers(1, 20), st.integers(0, KEY_SPACE - 1), st.integers(0, KEY_SPACE - 1))
def test_the_measure_rises_with_the_hash_key_and_leads_back(shards, count, one, other):
    _, load = shards
    measure = LoadMeasure.of(load, count)
    low, high = sorted((one, other))
    assert 0 <= measure.position(low) <= measure.position(high) < KEY_SPACE
    assert abs(measure.hash_key(measure.position(one)) - one) <= 2000
