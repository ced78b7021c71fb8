"""By which means to reshard: UpdateShardCount, several of them, or splits and merges one by one. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cli.errors import CliError
from cli.stream.resharding.operations import Operation, Update, reach
from cli.stream.resharding.order import Order, ordered
from cli.stream.resharding.shard_map import ShardMap

SECONDS_OF_A_SPLIT_OR_MERGE = 30
"""Until the stream is ACTIVE again, about."""
SECONDS_OF_AN_UPDATE = 180
""" "A few minutes" (UpdateShardCount, Kinesis API Reference); more where the count changes by no multiple of 25%."""


LONGEST_BY_HAND_SECONDS = 30 * 60
"""How long an uneven map is mended by splits and merges, whose result is known beforehand cut by cut. Beyond it
UpdateShardCount is chosen there too, which makes all shards equally wide, by cuts of its own."""


class Strategy(StrEnum):
    """By which calls a plan reshards."""

    AUTO = "auto"
    UPDATE_SHARD_COUNT = "update-shard-count"
    SPLIT_MERGE = "split-merge"


@dataclass(frozen=True)
class Choice:
    """The operations of a plan, and why these."""

    strategy: Strategy
    operations: tuple[Operation, ...]
    reason: str


def choose(
    now: ShardMap,
    wanted: ShardMap,
    *,
    asked: Strategy = Strategy.AUTO,
    order: Order = Order.SWEEP,
    even_will_do: bool = True,
    updates_left: int = 10,
) -> Choice:
    """The operations from ``now`` to ``wanted``.

    Args:
        now: the live map.
        wanted: the map to reach, from :mod:`cli.stream.resharding.targets`.
        asked: what the user asked for.
        order: of splits and merges.
        even_will_do: whether an even map of as many shards is wanted as well: not where the load decides.
        updates_left: how many UpdateShardCount calls are left of the ten that a stream may have in 24 hours.

    Raises:
        CliError: UpdateShardCount was asked for and cannot give what is wanted.
    """
    by_hand = Choice(Strategy.SPLIT_MERGE, tuple(ordered(now, wanted, order)), "")
    if not by_hand.operations:
        return Choice(by_hand.strategy, (), "the shards are already as wanted")
    steps = chain(now.count, wanted.count)
    against = _against_update(now.count, steps, even_will_do=even_will_do, updates_left=updates_left)
    by_hand_seconds = len(by_hand.operations) * SECONDS_OF_A_SPLIT_OR_MERGE
    if asked is Strategy.SPLIT_MERGE:
        return Choice(asked, by_hand.operations, "asked for")
    if asked is Strategy.UPDATE_SHARD_COUNT:
        if against and against.never:
            raise CliError(against.reason, "leave --strategy out, or use: --strategy split-merge")
        return Choice(asked, tuple(map(Update, steps)), "asked for")
    if against:
        return Choice(Strategy.SPLIT_MERGE, by_hand.operations, against.reason)
    if by_hand_seconds <= len(steps) * SECONDS_OF_AN_UPDATE:
        few = len(by_hand.operations)
        reason = f"{few} split{'s' * (few > 1)} or merge{'s' * (few > 1)} take no longer than UpdateShardCount"
    elif not now.is_even and by_hand_seconds <= LONGEST_BY_HAND_SECONDS:
        reason = "the live shards are not even, and splits and merges mend that with the fewest"
    else:
        return Choice(Strategy.UPDATE_SHARD_COUNT, tuple(map(Update, steps)), _why_update(now, steps))
    return Choice(Strategy.SPLIT_MERGE, by_hand.operations, reason)


def _why_update(now: ShardMap, steps: list[int]) -> str:
    return (
        f"one UpdateShardCount takes {now.count} {'even' if now.is_even else 'uneven'} shards to {steps[-1]}"
        if len(steps) == 1
        else f"one UpdateShardCount at most doubles or halves the shards: {len(steps)} of them, by way of"
        f" {', '.join(map(str, steps[:-1]))}"
    )


def chain(count: int, target: int) -> list[int]:
    """The fewest UpdateShardCount calls from ``count`` shards to ``target``: the count after each."""
    steps = []
    while count != target:
        least, most = reach(count)
        count = min(max(target, least), most)
        steps.append(count)
    return steps


@dataclass(frozen=True)
class _Against:
    reason: str
    never: bool


def _against_update(count: int, steps: list[int], *, even_will_do: bool, updates_left: int) -> _Against | None:
    """Why not UpdateShardCount; ``never`` where it could not reach what is wanted at all."""
    if not even_will_do:
        return _Against("UpdateShardCount makes shards of equal width only, whatever their load", never=True)
    if not steps:
        return _Against(f"UpdateShardCount evens nothing out where the count stays {count}", never=True)
    if len(steps) > updates_left:
        left = f"{max(updates_left, 0)} of 10" if updates_left else "none"
        return _Against(f"{len(steps)} UpdateShardCount would be needed, and {left} are left in 24 hours", never=False)
    return None
