"""How far a consumer group is behind, in records. No I/O.

Lag is a difference of offsets. On topics that are written with transactions the markers of commits and aborts have
offsets too, so the number of records can be a little smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

    @property
    def lag(self) -> int:
        """Records that the group has still to read."""
        if self.committed is None:
            return 0 if self.starts_at_end else self.end - self.begin
        return max(0, self.end - max(self.committed, self.begin))

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
