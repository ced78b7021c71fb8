"""By which calls to reshard, how many shards to aim at, and what is said of it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import CliError
from cli.stream.live import KEY_SPACE
from cli.stream.resharding.operations import Merge, Split, Update, apply, reach
from cli.stream.resharding.order import Order
from cli.stream.resharding.shard_map import ShardMap, even_cuts
from cli.stream.resharding.sizes import sized
from cli.stream.resharding.strategy import Strategy, chain, choose
from cli.stream.resharding.summary import summarize
from cli.stream.resharding.targets import even, tolerant


def even_map(count: int) -> ShardMap:
    return ShardMap(even_cuts(count))


def test_what_is_as_wanted_needs_nothing():
    assert choose(even_map(4), even_map(4)).operations == ()


def test_one_update_takes_an_even_map_to_double():
    choice = choose(even_map(32), even_map(46))
    assert choice.operations == (Update(46),)
    assert "one UpdateShardCount" in choice.reason


def test_a_chain_of_updates_goes_further():
    choice = choose(even_map(10), even_map(188))
    assert choice.operations == tuple(map(Update, (20, 40, 80, 160, 188)))
    assert "20, 40, 80, 160" in choice.reason


def test_a_few_splits_take_no_longer_than_an_update():
    choice = choose(even_map(3), tolerant(even_map(3), 4, Fraction(34, 100)))
    assert [type(operation) for operation in choice.operations] == [Split]


def test_without_budget_the_shards_are_split_and_merged():
    choice = choose(even_map(10), even_map(188), updates_left=4)
    assert choice.strategy is Strategy.SPLIT_MERGE
    assert "5 UpdateShardCount would be needed" in choice.reason


def test_an_uneven_map_is_split_and_merged():
    live = ShardMap((KEY_SPACE // 3, *(KEY_SPACE * part // 64 for part in range(32, 64))))
    choice = choose(live, even(live, 20))
    assert choice.strategy is Strategy.SPLIT_MERGE
    assert "not even" in choice.reason


def test_an_uneven_map_that_would_take_long_to_mend_is_left_to_kinesis():
    live = ShardMap(tuple(cut + KEY_SPACE // 10_000 for cut in even_cuts(100)))
    choice = choose(live, even(live, 200))
    assert choice.operations == (Update(200),)
    assert "100 uneven shards" in choice.reason
    assert choose(live, even(live, 200), updates_left=0).strategy is Strategy.SPLIT_MERGE


def test_evening_out_is_done_by_splits_and_merges():
    live = ShardMap((5,))
    assert [type(operation) for operation in choose(live, even_map(2)).operations] == [Split, Merge]


def test_load_is_followed_by_splits_and_merges():
    wanted = ShardMap(tuple(cut // 2 for cut in even_cuts(20)))
    assert choose(even_map(10), wanted, even_will_do=False).strategy is Strategy.SPLIT_MERGE


def test_splits_and_merges_that_are_asked_for_keep_the_order():
    choice = choose(even_map(10), even_map(12), asked=Strategy.SPLIT_MERGE, order=Order.CAPACITY_FIRST)
    assert [type(operation) for operation in choice.operations] == [Split] * 10 + [Merge] * 8


@pytest.mark.parametrize(("live", "even_will_do"), [(ShardMap((5,)), True), (ShardMap((5, 9)), False)])
def test_an_update_that_cannot_give_what_is_wanted_is_refused(live, even_will_do):
    with pytest.raises(CliError, match="UpdateShardCount"):
        choose(live, even_map(2), asked=Strategy.UPDATE_SHARD_COUNT, even_will_do=even_will_do)


def test_an_update_that_is_asked_for_is_planned_even_of_an_uneven_map_and_without_budget():
    choice = choose(ShardMap((5,)), even_map(3), asked=Strategy.UPDATE_SHARD_COUNT, updates_left=0)
    assert choice.operations == (Update(3),)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_chain_is_legal_and_as_short_as_possible(before, after):
    steps = chain(before, after)
    count = before
    for step in steps:
        least, most = reach(count)
        assert least <= step <= most
        count = step
    assert count == after
    further, low, high = 0, before, before
    while not low <= after <= high:
        low, high, further = reach(low)[0], reach(high)[1], further + 1
    assert len(steps) == further


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 10),
        ({"to": 46}, 46),
        ({"factor": Fraction("1.25")}, 13),
        ({"factor": Fraction("0.2")}, 2),
        ({"by": Fraction(50)}, 15),
        ({"by": Fraction(-25)}, 8),
        ({"by": Fraction(-100)}, 1),
        ({"to": 46, "maximum": 40}, 40),
        ({"factor": Fraction(1, 10), "minimum": 4}, 4),
        ({"minimum": 12}, 12),
        ({"to": 20_000}, 10_000),
    ],
)
def test_how_many_shards_are_meant(asked, count):
    assert sized(10, **asked) == count


def test_a_summary_counts_what_is_open_between_the_operations():
    now, wanted = even_map(3), even_map(4)
    operations = choose(now, wanted, asked=Strategy.SPLIT_MERGE, order=Order.CAPACITY_FIRST).operations
    summary = summarize(now, operations, wanted)
    assert (summary.splits, summary.merges, summary.updates) == (3, 2, 0)
    assert (summary.shards_before, summary.shards_after) == (3, 4)
    assert (summary.peak_open_shards, summary.min_open_shards) == (6, 3)
    assert summary.widest_to_narrowest == 1.0


def test_the_operations_of_a_choice_lead_to_what_is_wanted():
    for choice in (choose(even_map(5), even_map(40)), choose(even_map(5), even_map(40), updates_left=0)):
        reached = even_map(5)
        for operation in choice.operations:
            reached = apply(reached, operation)
        assert reached == even_map(40)
