"""The key space of a stream as a picture: where in it each open shard lies, and how wide it is. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from cli.stream.live import KEY_SPACE, Shard

WIDTH = 40
"""Characters for the whole key space."""


def bar(shard: Shard, width: int = WIDTH) -> str:
    """A line of ``width`` characters, marked where the shard lies; even the narrowest shard has a mark."""
    first = min(shard.start * width // KEY_SPACE, width - 1)
    after = max(first + 1, (shard.end + 1) * width // KEY_SPACE)
    return "·" * first + "█" * (after - first) + "·" * (width - after)


def widest_to_narrowest(shards: Sequence[Shard]) -> float | None:
    """How uneven the open shards are: 1.0 for an even map, None without shards."""
    widths = [shard.end - shard.start + 1 for shard in shards if shard.open]
    return round(max(widths) / min(widths), 2) if widths else None
