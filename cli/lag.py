"""How far a consumer group is behind, in records and in time. No I/O.

Lag in records is a difference of offsets. On topics that are written with transactions the markers of commits and
aborts have offsets too, so the number of records can be a little smaller; where only such markers are left, it is zero.

Lag in time is the age of the next record that the group reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cli.cluster import Place


@dataclass(frozen=True)
class PartitionLag:
    """One partition of a topic and how far a group has come in it."""

    topic: str
    partition: int
    begin: int
    """The first offset that is still there."""
    end: int
    """The offset that the next record will have."""
    committed: int | None
    """None: the group has committed nothing here yet."""
    starts_at_end: bool = False
    """Where a group begins that has committed nothing: at the end, or (the default) at the beginning."""
    time: timedelta | None = None
    """Age of the next record; None: not asked for, or it could not be told. See ``with_times``."""
    nothing_left: bool = False
    """Whether only markers of transactions are left, which are no records."""

    @property
    def lag(self) -> int:
        """Records that the group has still to read."""
        if self.nothing_left:
            return 0
        if self.committed is None:
            return 0 if self.starts_at_end else self.end - self.begin
        return max(0, self.end - max(self.committed, self.begin))

    @property
    def next(self) -> int | None:
        """Where the group reads on; None where it is at the end."""
        if not self.lag:
            return None
        return self.begin if self.committed is None else max(self.committed, self.begin)

    @property
    def expired(self) -> int:
        """Records that retention removed before the group had read them."""
        return 0 if self.committed is None else max(0, self.begin - self.committed)

    @property
    def beyond_end(self) -> bool:
        """Whether the group has committed an offset that the partition never had: it was recreated or truncated."""
        return self.committed is not None and self.committed > self.end

    def as_json(self) -> dict[str, object]:
        """The entry in a JSON answer."""
        return {
            "partition": self.partition,
            "begin": self.begin,
            "end": self.end,
            "committed": self.committed,
            "lag": self.lag,
            "lag_seconds": None if self.time is None else round(self.time.total_seconds(), 3),
            "expired": self.expired,
        }


def partition_lags(
    places: Iterable[Place],
    begin: Mapping[Place, int],
    end: Mapping[Place, int],
    committed: Mapping[Place, int],
    *,
    starts_at_end: bool = False,
) -> list[PartitionLag]:
    """The lag of one group in each of the given partitions, in order."""
    return [
        PartitionLag(
            topic=topic,
            partition=partition,
            begin=begin[topic, partition],
            end=end[topic, partition],
            committed=committed.get((topic, partition)),
            starts_at_end=starts_at_end,
        )
        for topic, partition in sorted(places)
    ]


def with_times(
    lags: Iterable[PartitionLag], times: Mapping[tuple[Place, int], datetime | None], now: datetime
) -> list[PartitionLag]:
    """The same with their lag in time.

    Args:
        lags: as they are in records.
        times: when the record at ``next`` of each partition was written; None: there is none, only markers are left.
        now: against which it is held. A clock that runs ahead makes no negative lag.
    """
    return [_timed(lag, times, now) for lag in lags]


def longest(lags: Iterable[PartitionLag]) -> timedelta | None:
    """The lag in time of a whole group; None where that of a partition is not known."""
    times = [lag.time for lag in lags]
    return None if None in times else max((time for time in times if time is not None), default=timedelta())


def _timed(lag: PartitionLag, times: Mapping[tuple[Place, int], datetime | None], now: datetime) -> PartitionLag:
    if lag.next is None:
        return replace(lag, time=timedelta())
    key = ((lag.topic, lag.partition), lag.next)
    if key not in times:
        return lag
    written = times[key]
    if written is None:
        return replace(lag, time=timedelta(), nothing_left=True)
    return replace(lag, time=max(timedelta(), now - written))
