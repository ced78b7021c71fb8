"""Watches that the sequence numbers of each shard ascend from call to call.

PutRecords offers no way to demand the order; what comes back shows whether it was kept. A record of a
key leaves only after the answer to the one before it. So it is in order if its number is above all
that its shard had given out when it left, whatever their keys. That is one number for each shard to
remember and no key is ever forgotten. Across shards numbers say nothing: readers finish a parent
before its children.
"""

from collections.abc import Mapping, Sequence

from connector.outcome import Placement


class Sequences:
    """The highest number that each shard is known to have given out."""

    __slots__ = ("_highest",)

    def __init__(self) -> None:
        self._highest: dict[bytes, bytes] = {}

    def given_out(self) -> Mapping[bytes, bytes]:
        """Return what is known now, for a call that leaves now."""
        return self._highest

    def inversions(self, before: Mapping[bytes, bytes], placements: Sequence[Placement]) -> list[int]:
        """Take in an answer; return the indices of records whose number is not above what was given out `before`."""
        shards = {shard for _, shard in placements}
        lowest = {shard: before.get(shard, b"") for shard in shards}
        highest = {**dict.fromkeys(shards, b""), **self._highest}
        backwards = []
        for index, (number, shard) in enumerate(placements):
            if number <= lowest[shard] and number:
                backwards.append(index)
            if number > highest[shard]:
                highest[shard] = number
        # A new one: calls under way hold what was known when they left.
        self._highest = highest
        return backwards
