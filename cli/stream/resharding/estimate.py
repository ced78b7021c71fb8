"""How long a resharding takes and what it changes of the bill. No I/O but for the price file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from cli.prices import Prices
from cli.stream.costs import change, provisioned_cost, usd
from cli.stream.resharding.operations import Operation, Update
from cli.stream.resharding.strategy import SECONDS_OF_A_SPLIT_OR_MERGE, SECONDS_OF_AN_UPDATE


def eta_seconds(operations: Iterable[Operation]) -> int:
    """About how long the operations of one stream take, one after the other, before any was observed."""
    return sum(map(_expected, operations))


def monthly_cost_change(
    prices: Prices | None, before: int, after: int, *, retention: timedelta, consumers: int
) -> float | None:
    """US dollars a month more (less: negative) for another number of shards; None where no price is known."""
    if prices is None:
        return None
    was, will_be = (
        provisioned_cost(prices, shards=shards, retention=retention, consumers=consumers) for shards in (before, after)
    )
    return usd(change(was, will_be))


@dataclass
class Pace:
    """How long operations have really taken."""

    seconds: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """Of updates, and of splits and merges."""

    def add(self, operation: Operation, seconds: float) -> None:
        """Take one that is done."""
        self.seconds[isinstance(operation, Update)].append(seconds)

    def left(self, operations: Iterable[Operation]) -> timedelta:
        """About how long these will take."""
        return timedelta(seconds=round(sum(map(self._expected, operations))))

    def _expected(self, operation: Operation) -> float:
        seen = self.seconds[isinstance(operation, Update)]
        return sum(seen) / len(seen) if seen else _expected(operation)


def _expected(operation: Operation) -> int:
    return SECONDS_OF_AN_UPDATE if isinstance(operation, Update) else SECONDS_OF_A_SPLIT_OR_MERGE
