"""How many shards there shall be, from what a user asks for. No I/O."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from environments.stream_autoscale import MOST_SHARDS


def sized(
    now: int,
    *,
    to: int | None = None,
    factor: Fraction | None = None,
    by: Fraction | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
) -> int:
    """The number of shards; ``now`` where nothing is asked for but bounds.

    Args:
        now: open shards.
        to: that many.
        factor: so many times as many, rounded up to a whole shard.
        by: so much more or less, in percent: 50 for half as many again, -25 for a quarter less; rounded up.
        minimum: never fewer.
        maximum: never more.
    """
    wanted = now
    if to is not None:
        wanted = to
    elif factor is not None:
        wanted = ceil(now * factor)
    elif by is not None:
        wanted = ceil(now * (1 + by / 100))
    return min(max(wanted, minimum or 1, 1), maximum or MOST_SHARDS, MOST_SHARDS)
