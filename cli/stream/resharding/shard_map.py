"""The open shards of a stream as the cuts between them. No I/O.

Hash keys are whole numbers of 128 bits, and a float has 53: all arithmetic here is of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cli.errors import CliError
from cli.stream.live import KEY_SPACE, Shard

NEAR = KEY_SPACE // 10**9
"""Cuts that are no further apart than this, a billionth of the key space, count as the same: UpdateShardCount rounds
its cuts, and to mend that would cost two operations a cut and leave shards hardly anything hashes to."""

HashKeys = tuple[int, int]
"""First and last hash key of a shard, both inclusive, as Kinesis writes a HashKeyRange."""


@dataclass(frozen=True)
class ShardMap:
    """How the open shards divide the key space between them."""

    cuts: tuple[int, ...]
    """The first hash key of every shard but the lowest, which begins at 0; ascending."""

    def __post_init__(self) -> None:
        edges = (0, *self.cuts, KEY_SPACE)
        if any(after <= before for before, after in pairwise(edges)):
            raise ValueError("the cuts of a shard map ascend and lie inside the key space")

    @classmethod
    def of(cls, shards: Iterable[Shard]) -> ShardMap:
        """The map of the open ones among ``shards``.

        Raises:
            CliError: they leave a part of the key space out, or two of them hold the same part.
        """
        opened = sorted((shard for shard in shards if shard.open), key=lambda shard: shard.start)
        expected = 0
        for shard in opened:
            if shard.start != expected or shard.end < shard.start:
                raise CliError(
                    f"the open shards do not divide the key space: {shard.shard_id} begins at {shard.start}, and"
                    f" {expected} is the next hash key that no shard before it holds",
                    "the list of shards is incomplete or was read while they changed; read it again",
                )
            expected = shard.end + 1
        if expected != KEY_SPACE:
            raise CliError(
                f"the open shards end at hash key {expected - 1}, and the key space at {KEY_SPACE - 1}"
                if opened
                else "there are no open shards",
                "the list of shards is incomplete or was read while they changed; read it again",
            )
        return cls(tuple(shard.start for shard in opened[1:]))

    @property
    def count(self) -> int:
        """How many shards there are."""
        return len(self.cuts) + 1

    @cached_property
    def _edges(self) -> tuple[int, ...]:
        return (0, *self.cuts, KEY_SPACE)

    def ranges(self) -> list[HashKeys]:
        """The hash keys of each shard, in their order."""
        return [(start, after - 1) for start, after in pairwise(self._edges)]

    def widths(self) -> list[int]:
        """How many hash keys each shard holds, in their order."""
        return [after - start for start, after in pairwise(self._edges)]

    @property
    def widest_to_narrowest(self) -> float:
        """How uneven the map is; 1.0 for an even one."""
        widths = self.widths()
        return round(max(widths) / min(widths), 2)

    def is_near(self, other: ShardMap) -> bool:
        """Whether both have the same cuts, to a billionth of the key space."""
        return self.count == other.count and all(
            abs(mine - its) <= NEAR for mine, its in zip(self.cuts, other.cuts, strict=True)
        )

    @property
    def is_even(self) -> bool:
        """Whether all shards are equally wide, to a billionth of the key space."""
        return self.is_near(ShardMap(even_cuts(self.count)))


def even_cuts(count: int) -> tuple[int, ...]:
    """The cuts of ``count`` equally wide shards."""
    return tuple(KEY_SPACE * number // count for number in range(1, count))
