"""What a stream costs a month, by what it is billed for. No I/O.

https://aws.amazon.com/kinesis/data-streams/pricing/ says what is counted and how it is rounded. Only averages of the
load are known, so records are rounded up as if each had the average size, and a constant load is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cli.prices import Prices

HOURS_A_MONTH = 730
SECONDS_A_MONTH = HOURS_A_MONTH * 3600
GB = 1 << 30
KB = 1 << 10
PAYLOAD_UNIT = 25 * KB
FREE_RETENTION = timedelta(hours=24)
EXTENDED_RETENTION = timedelta(days=7)
"""Up to here provisioned streams pay by shard, and beyond it by GB."""


@dataclass(frozen=True)
class Load:
    """What a stream carries, averages over some time."""

    bytes_in: float = 0.0
    """Written, a second."""
    records_in: float = 0.0
    """Written, a second."""
    bytes_out: float = 0.0
    """Read by GetRecords, a second."""

    @property
    def record_size(self) -> float:
        """Of an average record, in bytes."""
        return self.bytes_in / self.records_in if self.records_in else 0.0


@dataclass(frozen=True)
class Item:
    """One line of the bill."""

    name: str
    """The kind of usage, a field of ``Prices``."""
    quantity: float
    """A month, in the unit of the price."""
    dollars: Decimal | None
    """None: the price file does not say."""


@dataclass(frozen=True)
class Cost:
    """What a stream costs a month."""

    items: tuple[Item, ...]

    @property
    def dollars(self) -> Decimal | None:
        """The sum; None where the price of something that is used is not known."""
        known = [item.dollars for item in self.items if item.dollars is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.items) else None

    def as_json(self) -> dict[str, Any]:
        """For a plan's summary; dollars as numbers, rounded to cents."""
        return {
            "monthly_cost_usd": usd(self.dollars),
            "items": {item.name: usd(item.dollars) for item in self.items},
        }


def provisioned_cost(
    prices: Prices, *, shards: int, retention: timedelta, consumers: int = 0, load: Load | None = None
) -> Cost:
    """The cost of a provisioned stream; without a load, of what does not depend on it."""
    load = load or Load()
    used = {
        "shard_hour": shards * HOURS_A_MONTH,
        "extended_shard_hour": shards * HOURS_A_MONTH if retention > FREE_RETENTION else 0,
        "fan_out_shard_hour": shards * consumers * HOURS_A_MONTH,
        "put_payload_unit_million": load.records_in * _steps(load.record_size, PAYLOAD_UNIT) * SECONDS_A_MONTH / 1e6,
        "long_term_gb_month": _kept(load.bytes_in, EXTENDED_RETENTION, retention),
        "fan_out_gb": consumers * load.bytes_in * SECONDS_A_MONTH / GB,
    }
    return _cost(prices, used.items())


def on_demand_cost(prices: Prices, *, retention: timedelta, consumers: int = 0, load: Load | None = None) -> Cost:
    """The cost of an on-demand stream; without a load, of what does not depend on it."""
    load = load or Load()
    written = load.records_in * _steps(load.record_size, KB) * KB
    swelling = written / load.bytes_in if load.bytes_in else 1.0
    used = {
        "on_demand_stream_hour": HOURS_A_MONTH,
        "on_demand_in_gb": written * SECONDS_A_MONTH / GB,
        "on_demand_out_gb": load.bytes_out * swelling * SECONDS_A_MONTH / GB,
        "on_demand_fan_out_gb": consumers * written * SECONDS_A_MONTH / GB,
        "on_demand_extended_gb_month": _kept(written, FREE_RETENTION, min(retention, EXTENDED_RETENTION)),
        "on_demand_long_term_gb_month": _kept(written, EXTENDED_RETENTION, retention),
    }
    return _cost(prices, used.items())


def stream_cost(
    prices: Prices,
    *,
    mode: str,
    shards: int,
    retention: timedelta,
    consumers: int = 0,
    load: Load | None = None,
) -> Cost:
    """The cost of a stream in a mode as the YAML spells it; ``shards`` counts for provisioned streams only."""
    if mode == "provisioned":
        return provisioned_cost(prices, shards=shards, retention=retention, consumers=consumers, load=load)
    return on_demand_cost(prices, retention=retention, consumers=consumers, load=load)


def change(before: Cost, after: Cost) -> Decimal | None:
    """What is paid more a month (less: negative); None where it cannot be told.

    What costs the same before and after needs no price.
    """
    was = {item.name: item for item in before.items}
    will_be = {item.name: item for item in after.items}
    total = Decimal(0)
    for name in {**was, **will_be}:
        old, new = was.get(name), will_be.get(name)
        if old and new and old.quantity == new.quantity:
            continue
        for item, sign in ((new, 1), (old, -1)):
            if item is None:
                continue
            if item.dollars is None:
                return None
            total += sign * item.dollars
    return total


def usd(amount: Decimal | None) -> float | None:
    """An amount in an answer: dollars, rounded to cents."""
    return None if amount is None else float(round(amount, 2))


def _cost(prices: Prices, used: Iterable[tuple[str, float]]) -> Cost:
    """The bill of what is used at all."""
    return Cost(tuple(_item(prices, name, quantity) for name, quantity in used if quantity))


def _item(prices: Prices, name: str, quantity: float) -> Item:
    price: Decimal | None = getattr(prices, name)
    return Item(name, quantity, None if price is None else price * Decimal(quantity))


def _steps(size: float, step: int) -> int:
    """How many steps a record of this size is billed as."""
    return math.ceil(size / step)


def _kept(rate: float, since: timedelta, until: timedelta) -> float:
    """GB that lie in a stream with ages between two limits, at bytes a second that are constant."""
    return max(0.0, (until - since).total_seconds()) * rate / GB
