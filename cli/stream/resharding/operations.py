"""What Kinesis can do to the shards of a stream, and what each does to the map. No I/O."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from cli.stream.resharding.shard_map import HashKeys, ShardMap, even_cuts
from environments.stream_autoscale import MOST_SHARDS


@dataclass(frozen=True)
class Split:
    """SplitShard: one shard closes, and two open in its place."""

    start: int
    """First hash key of the shard."""
    end: int
    """Last hash key of the shard."""
    at: int
    """First hash key of the upper child (NewStartingHashKey)."""


@dataclass(frozen=True)
class Merge:
    """MergeShards: two shards that lie side by side close, and one opens in their place."""

    left: HashKeys
    right: HashKeys


@dataclass(frozen=True)
class Update:
    """UpdateShardCount: Kinesis itself splits and merges, until that many equally wide shards are open."""

    target: int


Operation = Split | Merge | Update


def apply(shard_map: ShardMap, operation: Operation) -> ShardMap:
    """The map after ``operation``.

    Raises:
        ValueError: Kinesis would refuse it (API Reference of SplitShard, MergeShards and UpdateShardCount).
    """
    match operation:
        case Split():
            return _split(shard_map, operation)
        case Merge():
            return _merge(shard_map, operation)
        case Update(target):
            least, most = reach(shard_map.count)
            if not least <= target <= most:
                raise ValueError(f"one UpdateShardCount takes {shard_map.count} shards to {least}-{most}, not {target}")
            return ShardMap(even_cuts(target))


def reach(count: int) -> tuple[int, int]:
    """The least and the most shards that one UpdateShardCount takes ``count`` shards to: half of them, and double."""
    return -(-count // 2), min(2 * count, MOST_SHARDS)


def _split(shard_map: ShardMap, split: Split) -> ShardMap:
    if not split.start < split.at <= split.end:
        raise ValueError(f"hash key {split.at} leaves one side of the shard {split.start}-{split.end} empty")
    position = _position(shard_map, (split.start, split.end))
    return ShardMap((*shard_map.cuts[:position], split.at, *shard_map.cuts[position:]))


def _merge(shard_map: ShardMap, merge: Merge) -> ShardMap:
    position = _position(shard_map, merge.left)
    if _position(shard_map, merge.right) != position + 1:
        raise ValueError(f"the shards {merge.left} and {merge.right} do not lie side by side, the lower one first")
    return ShardMap((*shard_map.cuts[:position], *shard_map.cuts[position + 1 :]))


def _position(shard_map: ShardMap, hash_keys: HashKeys) -> int:
    """Which of the shards holds exactly ``hash_keys``."""
    ranges = shard_map.ranges()
    position = bisect_left(ranges, hash_keys)
    if position == len(ranges) or ranges[position] != hash_keys:
        raise ValueError(f"no open shard holds exactly the hash keys {hash_keys[0]}-{hash_keys[1]}")
    return position
