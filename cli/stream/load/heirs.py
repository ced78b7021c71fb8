"""Which open shard has taken over what a closed one held. No I/O.

After a reshard the records of a moment ago lie in shards that are closed by now. What they tell counts for the open
shards that take the same hash keys today; else these would seem idle, and the next reshard would be cut by that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from cli.stream.live import Shard
from cli.stream.load.records import KeyPart


class Heirs:
    """The shards that loads are told of."""

    def __init__(self, chosen: Iterable[Shard]) -> None:
        self.shards: Sequence[Shard] = sorted(chosen, key=lambda shard: shard.start)
        self._starts = [shard.start for shard in self.shards]
        self._own = {shard.shard_id for shard in self.shards}

    def of(self, read: Shard) -> list[Shard]:
        """The shards that have taken over hash keys of one that was read; itself where it is one of them."""
        first = max(0, bisect_right(self._starts, read.start) - 1)
        after = bisect_right(self._starts, read.end)
        return [shard for shard in self.shards[first:after] if shard.end >= read.start]

    def inherit(self, read: Shard, part: KeyPart) -> KeyPart | None:
        """A part as that of the shard which takes its hash key now; None where that is not among them.

        What lies at an unknown place goes to the shard that has the middle of the closed one.
        """
        if part.shard_id in self._own:
            return part
        hash_key = (read.start + read.end) // 2 if part.hash_key is None else part.hash_key
        place = bisect_right(self._starts, hash_key) - 1
        if place < 0 or self.shards[place].end < hash_key:
            return None
        return part._replace(shard_id=self.shards[place].shard_id)
