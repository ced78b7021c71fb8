"""How the load of a stream lies over its key space. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cli.stream.live import KEY_SPACE
from environments.streams import MIB

SHARD_BYTES_PER_SECOND = MIB
SHARD_RECORDS_PER_SECOND = 1000
"""What one shard takes (Kinesis Developer Guide, "Quotas and limits")."""


@dataclass(frozen=True)
class Rate:
    """What is written in a second."""

    bytes_per_second: float = 0.0
    records_per_second: float = 0.0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.bytes_per_second + other.bytes_per_second, self.records_per_second + other.records_per_second)

    def part(self, share: float) -> Rate:
        """A share of it, 0 to 1."""
        return Rate(self.bytes_per_second * share, self.records_per_second * share)

    @property
    def of_a_shard(self) -> float:
        """In limits of one shard, by the limit that is nearer: 1.0 is all that it takes."""
        return max(self.bytes_per_second / SHARD_BYTES_PER_SECOND, self.records_per_second / SHARD_RECORDS_PER_SECOND)


@dataclass(frozen=True)
class Segment:
    """A stretch of the key space over which the load is taken to be spread evenly."""

    start: int
    """First hash key, inclusive."""
    end: int
    """Last hash key, inclusive; the same as ``start`` for a single partition key."""
    rate: Rate
    """Of the whole segment, in the busiest period that was looked at."""

    @property
    def width(self) -> int:
        """How many hash keys it holds."""
        return self.end - self.start + 1


@dataclass(frozen=True)
class LoadProfile:
    """The load over the key space, constant by pieces.

    Metrics give one segment a shard. Samples give a segment for each partition key that stands out, and others for
    the rest between them. What no segment holds has no load.
    """

    segments: tuple[Segment, ...]
    """Ascending, none of them holding what another holds."""

    def __post_init__(self) -> None:
        before = -1
        for segment in self.segments:
            if not before < segment.start <= segment.end < KEY_SPACE:
                raise ValueError("the segments of a load profile ascend and do not overlap")
            before = segment.end

    @classmethod
    def of(cls, rates: Mapping[tuple[int, int], Rate] | Iterable[tuple[tuple[int, int], Rate]]) -> LoadProfile:
        """From the rate of each range of hash keys (first and last, inclusive), in any order."""
        pairs = rates.items() if isinstance(rates, Mapping) else rates
        return cls(tuple(Segment(start, end, rate) for (start, end), rate in sorted(pairs, key=lambda pair: pair[0])))

    @cached_property
    def _starts(self) -> list[int]:
        return [segment.start for segment in self.segments]

    def load(self, start: int, end: int) -> Rate:
        """The load of the hash keys from ``start`` to ``end``, both inclusive."""
        total = Rate()
        first = max(0, bisect_right(self._starts, start) - 1)
        for number in range(first, bisect_right(self._starts, end)):
            segment = self.segments[number]
            common = min(end, segment.end) - max(start, segment.start) + 1
            if common > 0:
                total += segment.rate.part(common / segment.width)
        return total

    @cached_property
    def total(self) -> Rate:
        """The load of the whole stream."""
        return sum((segment.rate for segment in self.segments), Rate())
