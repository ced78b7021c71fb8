"""The load of each open shard, whatever it was measured by. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.stream.live import Shard
from cli.stream.load_profile import LoadProfile, Rate

HOT = 0.8
"""Of its limit: from there on a shard has no room for what may come."""


@dataclass(frozen=True)
class ShardLoad:
    """What one shard took."""

    shard: Shard
    average: Rate
    peak: Rate
    """Of the busiest minute (metrics) or second (records that were read)."""
    throttled: int | None = None
    """Writes that Kinesis refused; None where that was not measured."""
    read_bytes_per_second: float | None = None
    """By readers that share GetRecords, on average; None where that was not measured."""

    @property
    def hot(self) -> bool:
        """Whether the shard is near its limit, or has refused writes."""
        return self.peak.of_a_shard >= HOT or bool(self.throttled)

    def as_json(self) -> dict[str, object]:
        """The row of an answer."""
        return {
            "shard": self.shard.shard_id,
            "range": [str(self.shard.start), str(self.shard.end)],
            "share_of_key_space": self.shard.share,
            "average": rate_as_json(self.average),
            "peak": rate_as_json(self.peak),
            "throttled": self.throttled,
            "hot": self.hot,
            "read_bytes_per_second": self.read_bytes_per_second,
        }


def rate_as_json(rate: Rate) -> dict[str, float]:
    """A rate in a JSON answer; ``share_of_limit`` is of what one shard takes."""
    return {
        "bytes_per_second": round(rate.bytes_per_second, 2),
        "records_per_second": round(rate.records_per_second, 2),
        "share_of_limit": round(rate.of_a_shard, 4),
    }


def profile_of_shards(loads: Sequence[ShardLoad]) -> LoadProfile:
    """One segment a shard, with its peak: within a shard metrics tell nothing."""
    return LoadProfile.of({(load.shard.start, load.shard.end): load.peak for load in loads})
