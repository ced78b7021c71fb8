"""The key space of a stream as a picture: where in it each open shard lies, and how wide it is. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from cli.stream.live import KEY_SPACE, Shard

WIDTH = 40
"""Characters for the whole key space."""


def bar(shard: Shard, width: int = WIDTH) -> str:
    """A line of ``width`` characters, marked where the shard lies; even the narrowest shard has a mark."""
    first = min(_column(shard.start, width), width - 1)
    after = max(first + 1, _column(shard.end + 1, width))
    return "·" * first + "█" * (after - first) + "·" * (width - after)


def _column(hash_key: int, width: int) -> int:
    """The nearest edge between two characters; in whole numbers, since a float has not the digits for a hash key."""
    return (2 * hash_key * width + KEY_SPACE) // (2 * KEY_SPACE)


def widest_to_narrowest(shards: Sequence[Shard]) -> float | None:
    """How uneven the open shards are: 1.0 for an even map, None without shards."""
    widths = [shard.end - shard.start + 1 for shard in shards if shard.open]
    return round(max(widths) / min(widths), 2) if widths else None
