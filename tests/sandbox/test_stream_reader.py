"""Reading order: parents before children, whatever the shards are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.stream_reader import parents_first


def shard(number: int, *parents: int) -> dict[str, str]:
    names = ("ParentShardId", "AdjacentParentShardId")
    return {"ShardId": f"s{number}"} | {name: f"s{parent}" for name, parent in zip(names, parents, strict=False)}


def test_a_merged_shard_comes_after_both_its_parents():
    assert parents_first([shard(0, 5, 7), shard(5), shard(7)]) == ["s5", "s7", "s0"]


def test_a_parent_that_has_expired_is_no_obstacle():
    assert parents_first([shard(3, 1)]) == ["s3"]


@given(st.permutations(range(12)), st.data())
def test_every_parent_stands_before_its_children(names: list[int], data):
    shards = []
    for index, name in enumerate(names):
        parents = data.draw(st.lists(st.sampled_from(names[:index]), max_size=2, unique=True)) if index else []
        shards.append(shard(name, *parents))
    order = parents_first(data.draw(st.permutations(shards)))
    assert len(order) == len(shards)
    for entry in shards:
        for parent in (entry.get("ParentShardId"), entry.get("AdjacentParentShardId")):
            assert parent is None or order.index(parent) < order.index(entry["ShardId"])
