"""The tree of shards."""

from __future__ import annotations

from cli.stream.lineage import tree
from cli.stream.live import KEY_SPACE, Shard

QUARTER = KEY_SPACE // 4


def shard(number: int, first: int, after: int, *parents: int) -> Shard:
    return Shard(f"s{number}", first * QUARTER, after * QUARTER - 1, True, tuple(f"s{parent}" for parent in parents))


def drawn(*shards: Shard) -> list[str]:
    return [before + shard.shard_id for before, shard in tree(shards)]


def test_children_stand_below_their_parent():
    assert drawn(shard(0, 0, 2), shard(1, 2, 4), shard(2, 0, 1, 0), shard(3, 1, 2, 0)) == [
        "s0",
        "├─ s2",
        "└─ s3",
        "s1",
    ]


def test_a_shard_of_a_merge_stands_once_below_both_of_its_parents():
    assert drawn(shard(0, 0, 2), shard(1, 2, 4), shard(2, 0, 4, 0, 1), shard(3, 0, 1, 2), shard(4, 1, 4, 2)) == [
        "s0",
        "s1",
        "└─ s2",
        "   ├─ s3",
        "   └─ s4",
    ]


def test_the_children_of_a_forgotten_parent_begin_a_tree():
    assert drawn(shard(8, 0, 2, 1, 2), shard(9, 2, 4, 3)) == ["s8", "s9"]


def test_many_generations_are_drawn():
    long = [shard(0, 0, 4), *(shard(number, 0, 4, number - 1) for number in range(1, 3000))]
    assert len(drawn(*long)) == 3000
