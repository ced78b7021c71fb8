"""The map of open shards, what changes it, and the load over it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import CliError
from cli.stream.live import KEY_SPACE, Shard
from cli.stream.load_profile import LoadProfile, Rate
from cli.stream.resharding.operations import Merge, Split, Update, apply
from cli.stream.resharding.shard_map import ShardMap, even_cuts

HALF = KEY_SPACE // 2
LAST = KEY_SPACE - 1


def shard(start: int, end: int, *, open: bool = True) -> Shard:  # noqa: A002 - the field's name
    return Shard(f"shardId-{start}", start, end, open=open, parents=())


def test_only_open_shards_are_in_the_map():
    closed = shard(0, LAST, open=False)
    assert ShardMap.of([shard(HALF, LAST), closed, shard(0, HALF - 1)]) == ShardMap((HALF,))


@pytest.mark.parametrize(
    "shards",
    [
        [],
        [shard(0, HALF - 1)],
        [shard(HALF, LAST)],
        [shard(0, HALF), shard(HALF, LAST)],
        [shard(0, HALF - 2), shard(HALF, LAST)],
        [shard(0, LAST), shard(0, LAST)],
    ],
)
def test_shards_that_do_not_divide_the_key_space_are_refused(shards):
    with pytest.raises(CliError):
        ShardMap.of(shards)


@pytest.mark.parametrize("cuts", [(0,), (KEY_SPACE,), (2, 2), (3, 2)])
def test_a_map_whose_cuts_do_not_ascend_inside_the_key_space_cannot_be_made(cuts):
    with pytest.raises(ValueError, match="ascend"):
        ShardMap(cuts)


@given(st.sets(st.integers(1, LAST), max_size=10))
def test_the_ranges_of_a_map_make_the_map(cuts):
    made = ShardMap(tuple(sorted(cuts)))
    assert ShardMap.of([shard(*hash_keys) for hash_keys in made.ranges()]) == made
    assert sum(made.widths()) == KEY_SPACE


@pytest.mark.parametrize(
    "operation",
    [
        Split(0, HALF - 1, 0),
        Split(0, HALF - 1, HALF),
        Split(0, LAST, HALF),
        Split(1, HALF - 1, 5),
        Merge((HALF, LAST), (0, HALF - 1)),
        Merge((0, HALF - 1), (0, HALF - 1)),
        Merge((0, HALF - 1), (HALF, LAST - 1)),
        Update(5),
        Update(0),
    ],
)
def test_what_kinesis_refuses_is_refused(operation):
    with pytest.raises(ValueError, match=r"\d"):
        apply(ShardMap((HALF,)), operation)


@pytest.mark.parametrize(("before", "least", "most"), [(1, 1, 2), (3, 2, 6), (10, 5, 20), (8_000, 4_000, 10_000)])
def test_one_update_halves_or_doubles_at_most(before, least, most):
    now = ShardMap(even_cuts(before))
    assert apply(now, Update(least)).count == least
    assert apply(now, Update(most)).count == most
    for target in (least - 1, most + 1):
        with pytest.raises(ValueError, match="one UpdateShardCount"):
            apply(now, Update(target))


def test_the_load_of_a_range_is_what_its_parts_of_the_segments_carry():
    load = LoadProfile.of({(HALF, LAST): Rate(4e6, 100), (0, HALF - 1): Rate(1e6, 3000)})
    assert load.load(0, HALF // 2 - 1) == Rate(5e5, 1500)
    assert load.load(HALF // 2, HALF + HALF // 2 - 1) == Rate(5e5 + 2e6, 1500 + 50)
    assert load.load(0, LAST) == load.total
    assert load.load(0, HALF - 1).of_a_shard == 3.0, "records are nearer to their limit than bytes"


def test_segments_of_a_load_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        LoadProfile.of([((0, 5), Rate()), ((5, 9), Rate())])
