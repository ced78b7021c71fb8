"""The key space measured by load rather than by width, so that what is even in it is even by load. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from cli.stream.live import KEY_SPACE
from cli.stream.load_profile import LoadProfile, Segment

NARROWEST = 16
"""A shard is no narrower than this part of an even one (but for the tolerance that the user allows)."""
SPREAD = 0.01
"""Part of the load that is taken to lie evenly over the key space: what had no load when it was looked at may have
some later, and no shard shall be without any."""


@dataclass(frozen=True)
class LoadMeasure:
    """Positions from 0 to the size of the key space, in which equal distances carry about the same load.

    Load that is denser than shards of the least width can divide counts only as much as fills such shards: a single
    partition key, which no split divides, gets a shard of the least width and the rest is divided as if it were no
    hotter.
    """

    keys: Sequence[int]
    """Hash keys between which the load is constant, from 0 to the size of the key space."""
    positions: Sequence[int]
    """Of each of the ``keys``."""

    @classmethod
    def of(cls, profile: LoadProfile, count: int) -> LoadMeasure:
        """For ``count`` shards; the width itself where ``profile`` has no load."""
        least = max(1, KEY_SPACE // (count * NARROWEST))
        keys, densities = _densities([_widened(segment, least) for segment in profile.segments])
        widths = [after - start for start, after in pairwise(keys)]
        cap = _cap(widths, densities, count * least)
        loads = [width * min(density, cap) for width, density in zip(widths, densities, strict=True)]
        total = sum(loads)
        # The positions rise at least as the spread part does, so that none of them is met twice.
        runs = [max(1, int(KEY_SPACE * (load / total))) for load in loads]
        runs[runs.index(max(runs))] += KEY_SPACE - sum(runs)
        return cls(keys, [0, *accumulate(runs)])

    def position(self, hash_key: int) -> int:
        """Where a hash key lies."""
        return _across(hash_key, self.keys, self.positions)

    def hash_key(self, position: int) -> int:
        """The hash key at a position."""
        return _across(position, self.positions, self.keys)


def _across(value: int, scale: Sequence[int], other: Sequence[int]) -> int:
    """The point of the ``other`` scale beside ``value`` of the first."""
    at = min(bisect_right(scale, value), len(scale) - 1) - 1
    return other[at] + (value - scale[at]) * (other[at + 1] - other[at]) // (scale[at + 1] - scale[at])


def _widened(segment: Segment, least: int) -> tuple[int, int, float]:
    """Start, end (exclusive) and load of a segment, with room for a shard of the least width around a narrower one."""
    start, width = segment.start, segment.width
    if width < least:
        start, width = min(max(0, start + width // 2 - least // 2), KEY_SPACE - least), least
    return start, start + width, segment.rate.of_a_shard


def _densities(loads: Sequence[tuple[int, int, float]]) -> tuple[list[int], list[float]]:
    """The load of each hash key, by pieces between the first keys and the size of the key space."""
    total = sum(load for _, _, load in loads)
    evenly = total * SPREAD / KEY_SPACE or 1 / KEY_SPACE
    changes: dict[int, list[float]] = {0: [], KEY_SPACE: []}
    for start, after, load in loads:
        changes.setdefault(start, []).append(load / (after - start))
        changes.setdefault(after, []).append(-load / (after - start))
    keys = sorted(changes)
    # What rounding leaves where a segment ends must not make the load of an idle stretch negative.
    running = accumulate(sum(changes[key]) for key in keys[:-1])
    return keys, [evenly + max(0.0, density) for density in running]


def _cap(widths: Sequence[int], densities: Sequence[float], narrowest: int) -> float:
    """The density above which load is not counted: the highest at which a part of the load is as wide as it must be.

    ``narrowest`` is the sum of the least widths of all shards. With a cap c, a part holds 1/n of the load counted, and
    is no narrower than that over c; so the cap has to keep ``counted(c) / c >= narrowest``, which falls as c rises.
    """
    low, high = min(densities), max(densities)
    for _ in range(100):
        middle = (low + high) / 2
        counted = sum(width * min(density, middle) for width, density in zip(widths, densities, strict=True))
        low, high = (middle, high) if counted >= narrowest * middle else (low, middle)
        if high - low <= high * 1e-9:
            break
    return high if high == max(densities) else low
