"""The picture of a stream's key space."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.stream.key_space import WIDTH, bar, widest_to_narrowest
from cli.stream.live import KEY_SPACE, Shard

cuts = st.lists(st.integers(1, KEY_SPACE - 1), max_size=12, unique=True).map(sorted)


def shards(cuts: list[int]) -> list[Shard]:
    edges = [0, *cuts, KEY_SPACE]
    return [
        Shard(f"shardId-{number}", start, end - 1, open=True, parents=())
        for number, (start, end) in enumerate(pairwise(edges))
    ]


@given(cuts)
def test_every_shard_is_seen_and_the_picture_leaves_nothing_out(cuts):
    bars = [bar(shard) for shard in shards(cuts)]
    assert all(len(drawn) == WIDTH and "█" in drawn for drawn in bars)
    assert all(any(drawn[column] == "█" for drawn in bars) for column in range(WIDTH))


@pytest.mark.parametrize("count", [1, 2, 4, 8, 40])
def test_even_shards_are_drawn_evenly(count):
    even = shards([KEY_SPACE * part // count for part in range(1, count)])
    assert {bar(shard).count("█") for shard in even} == {WIDTH // count}
    assert widest_to_narrowest(even) == 1.0


def test_closed_shards_do_not_count_as_uneven():
    closed = Shard("shardId-0", 0, 9, open=False, parents=())
    assert widest_to_narrowest([closed, *shards([KEY_SPACE // 2])]) == 1.0
    assert widest_to_narrowest([closed]) is None
