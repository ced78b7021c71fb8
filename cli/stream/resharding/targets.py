"""Which shard map to reach: even, nearly even for fewer operations, or by load. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from cli.stream.live import KEY_SPACE
from cli.stream.load_profile import LoadProfile
from cli.stream.resharding.kept_cuts import most_kept
from cli.stream.resharding.load_measure import LoadMeasure
from cli.stream.resharding.shard_map import NEAR, ShardMap, even_cuts

LOAD_TOLERANCE = Fraction(1, 4)
"""How far the load of a shard may be off unless the user says otherwise. Loads change and are known roughly: to have
them even would cut all shards anew where one is hot (32 of them: 62 operations, and 12 with a quarter)."""


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
    if not tolerance:
        return even(now, count)
    return ShardMap(_cuts(now.cuts, now.cuts, count, tolerance, lambda position: position))


def by_load(now: ShardMap, profile: LoadProfile, count: int, tolerance: Fraction = LOAD_TOLERANCE) -> ShardMap:
    """``count`` shards that take about the same load each; no shard becomes a sliver (see LoadMeasure).

    Args:
        now: the live map, whose cuts are kept where they can be.
        profile: the load over the key space.
        count: how many shards there shall be.
        tolerance: how far the load of a shard may be off the even part, such as 1/10.
    """
    measure = LoadMeasure.of(profile, count)
    positions = [measure.position(cut) for cut in now.cuts]
    return ShardMap(_cuts(now.cuts, positions, count, tolerance, measure.hash_key))


def _cuts(
    live: Sequence[int],
    positions: Sequence[int],
    count: int,
    tolerance: Fraction,
    hash_key: Callable[[int], int],
) -> tuple[int, ...]:
    """The most of the ``live`` cuts that can stay, and between them others that divide each gap evenly.

    What is even is told by ``positions``, which run from 0 to the size of the key space as hash keys do; ``hash_key``
    leads back from them.
    """
    part = Fraction(KEY_SPACE, count)
    least = max(1, ceil((1 - tolerance) * part) - NEAR)
    kept = most_kept(positions, KEY_SPACE, count, least, floor((1 + tolerance) * part) + NEAR)
    anchors = [(0, 0), *((positions[place], below) for place, below in kept), (KEY_SPACE, count)]
    cuts = {below: live[place] for place, below in kept}
    for (start, below), (after, until) in pairwise(anchors):
        for number in range(below + 1, until):
            cuts[number] = hash_key(start + (after - start) * (number - below) // (until - below))
    return tuple(cuts[number] for number in range(1, count))
