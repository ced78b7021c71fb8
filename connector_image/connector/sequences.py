"""Watches that the sequence numbers of each shard ascend from call to call.

PutRecords offers no way to demand the order; what comes back shows whether it was kept. A record of a
key leaves only after the answer to the one before it. So it is in order if its number is above all
that its shard had given out when it left, whatever their keys. That is one number for each shard to
remember and no key is ever forgotten. Across shards numbers say nothing: readers finish a parent
before its children.
"""

from collections.abc import Mapping

from connector.outcome import Placements


class Sequences:
    """The highest number that each shard is known to have given out."""

    __slots__ = ("_highest",)

    def __init__(self) -> None:
        self._highest: dict[bytes, bytes] = {}

    def given_out(self) -> Mapping[bytes, bytes]:
        """Return what is known now, for a call that leaves now."""
        return self._highest

    def inversions(self, before: Mapping[bytes, bytes], placements: Placements) -> list[bytes]:
        """Take in an answer; return the shards of records whose number is not above what was given out `before`."""
        numbers, shards = placements
        highest = self._highest.copy()
        for shard in set(shards).difference(highest):
            highest[shard] = b""
        # A record that raises its shard's highest number is above all earlier ones; most do, and need no second look.
        doubtful = []
        for number, shard in zip(numbers, shards, strict=True):
            if number > highest[shard]:
                highest[shard] = number
            else:
                doubtful.append((number, shard))
        # A new one: calls under way hold what was known when they left.
        self._highest = highest
        return [shard for number, shard in doubtful if number and number <= before.get(shard, b"")]
