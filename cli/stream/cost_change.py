"""What a change of a stream adds to its monthly bill, and how sure that is. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cli.prices import Prices, unknown
from cli.stream.costs import Cost, Load, change, stream_cost, usd
from cli.stream.live import LiveStream

SOME_LOAD = Load(bytes_in=1e6, records_in=1e3, bytes_out=1e6)


@dataclass(frozen=True)
class Shape:
    """What of a stream is billed besides its load."""

    mode: str
    shards: int
    retention: timedelta
    consumers: int = 0
    """Registered for enhanced fan-out."""

    @classmethod
    def of(cls, live: LiveStream) -> Shape:
        """The stream as it is."""
        return cls(live.mode, live.open_shards, live.retention, live.consumers)

    def with_(self, **changed: Any) -> Shape:  # noqa: ANN401 - the fields above
        """The stream as it will be."""
        return replace(self, **changed)

    def cost(self, prices: Prices, load: Load | None) -> Cost:
        """Its monthly bill."""
        return stream_cost(
            prices,
            mode=self.mode,
            shards=self.shards,
            retention=self.retention,
            consumers=self.consumers,
            load=load,
        )


@dataclass(frozen=True)
class CostChange:
    """The difference of two bills."""

    dollars: Decimal | None
    """A month; less is negative; None where it is not known."""
    told: str
    """For people."""
    prices: Prices | None

    def as_json(self) -> Mapping[str, Any]:
        """For a plan's summary."""
        return {
            "monthly_cost_change_usd": usd(self.dollars),
            "prices_date": self.prices.date.isoformat() if self.prices else None,
        }


def cost_change(region: str, prices: Prices | None, load: Load | None, before: Shape, after: Shape) -> CostChange:
    """What a month costs more.

    Args:
        region: of the stream.
        prices: of the region, None where no file has them.
        load: what the stream carries; None where it is not known, which only matters where the difference needs it.
        before: the stream as it is.
        after: the stream as it will be.
    """
    if prices is None:
        return CostChange(None, unknown(region), None)

    def difference(carried: Load) -> Decimal | None:
        return change(before.cost(prices, carried), after.cost(prices, carried))

    dollars = difference(load or Load())
    if load is None and dollars != difference(SOME_LOAD):
        return CostChange(None, "cost unknown: CloudWatch tells nothing of the load of the last 24 hours", prices)
    if dollars is None:
        return CostChange(None, f"cost unknown: the prices of {region} do not say all of it", prices)
    return CostChange(dollars, f"{_told(dollars)} ({prices.told})", prices)


def dollars_told(dollars: Decimal) -> str:
    """An amount as people read it: ``$1,234.50``."""
    return f"${dollars:,.2f}"


def _told(dollars: Decimal) -> str:
    if not round(dollars, 2):
        return "costs the same"
    return f"costs {dollars_told(abs(dollars))} a month {'more' if dollars > 0 else 'less'}"
