"""What a stream costs in both modes at the load that was observed. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cli.prices import Prices, unknown
from cli.stream.cost_change import Shape, dollars_told
from cli.stream.costs import Load
from cli.stream.live import LiveStream
from cli.stream.mode_guards import ON_DEMAND, PROVISIONED


def costs_of_both(
    live: LiveStream, shards: int, prices: Prices | None, load: Load | None
) -> Mapping[str, Decimal | None]:
    """The monthly bill in both modes; None where prices or load are not known."""
    shape = Shape.of(live).with_(shards=shards)
    if prices is None or load is None:
        return {PROVISIONED: None, ON_DEMAND: None}
    return {mode: shape.with_(mode=mode).cost(prices, load).dollars for mode in (PROVISIONED, ON_DEMAND)}


def comparison(
    region: str, shards: int, prices: Prices | None, load: Load | None, costs: Mapping[str, Decimal | None]
) -> str:
    """Both bills for people, with the load and the date that they are reckoned with."""
    if prices is None:
        return unknown(region)
    if load is None:
        return "cost unknown: CloudWatch tells nothing of the load of the last 24 hours"
    told = {mode: "unknown" if dollars is None else dollars_told(dollars) for mode, dollars in costs.items()}
    return (
        f"at the load of the last 24 hours ({load.bytes_in / 1024:,.1f} KiB and {load.records_in:,.1f} records written "
        f"a second) a month costs {told[PROVISIONED]} provisioned with {shards} shards, {told[ON_DEMAND]} on-demand "
        f"({prices.told})"
    )


def amount_told(dollars: float | None) -> str | None:
    """An amount in a column of dollars."""
    return None if dollars is None else f"{dollars:,.2f}"
