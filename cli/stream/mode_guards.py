"""When the mode of a stream must not be switched. No I/O."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cli.plan import Refusal
from cli.stream.costs import Load
from cli.stream.live import LiveStream
from cli.stream.recent_calls import RecentCalls
from cli.stream.stream_metrics import Peak

SWITCHES_A_DAY = 2
"""UpdateStreamMode works twice in 24 hours and stream (Kinesis API Reference)."""
BYTES_OF_A_SHARD = 1 << 20
RECORDS_OF_A_SHARD = 1000
"""Written a second, at most (Kinesis Developer Guide, "Quotas and limits")."""

PROVISIONED, ON_DEMAND = "provisioned", "on-demand"


class Guard(StrEnum):
    """What ``--allow`` lets pass."""

    BUDGET = "budget"
    """CloudTrail may have seen calls that switched nothing; Kinesis itself refuses a third switch all the same."""
    THROTTLING = "throttling"


@dataclass(frozen=True)
class Limits:
    """Of the account in the region, from DescribeLimits."""

    shards: int
    open_shards: int
    """Of provisioned streams."""
    on_demand_streams: int
    on_demand_streams_there: int


@dataclass(frozen=True)
class Facts:
    """What is known of a stream and its account."""

    live: LiveStream
    switches: RecentCalls
    load: Load | None
    """Averages of the last 24 hours."""
    peak: Peak | None
    """Of the last 24 hours."""
    limits: Limits | str
    """Or why they are not known."""


def refusals(
    name: str, mode: str, shards: int | None, facts: Facts, allowed: Collection[str] = ()
) -> Iterator[Refusal]:
    """What Kinesis would refuse, which no flag overrides, and what would have its writers throttled.

    Args:
        name: of the stream in the YAML.
        mode: the new one.
        shards: how many there shall be, where that was said.
        facts: what is known.
        allowed: guards that the command line lets pass.
    """
    live = facts.live
    if live.mode == mode:
        if shards is not None and shards != live.open_shards:
            yield Refusal(
                f"stream {name} is {mode} already, with {live.open_shards} shards",
                f"streamops stream reshard {name} --to {shards}",
            )
        return
    if Guard.BUDGET not in allowed:
        yield from _budget(name, facts.switches)
    if mode == PROVISIONED:
        yield from _shards(name, shards, facts, allowed)
    elif isinstance(facts.limits, Limits) and facts.limits.on_demand_streams_there >= facts.limits.on_demand_streams:
        yield Refusal(
            f"the account has {facts.limits.on_demand_streams_there} on-demand streams, and may have "
            f"{facts.limits.on_demand_streams}",
            "ask for more in Service Quotas (Kinesis, on-demand streams per Region)",
        )


def warnings(facts: Facts) -> Iterator[str]:
    """What could not be checked."""
    if facts.switches.unknown:
        yield (
            f"how often the mode was switched in the last 24 hours (at most {SWITCHES_A_DAY} times) is not known: "
            f"{facts.switches.unknown}"
        )
    if isinstance(facts.limits, str):
        yield f"the limits of the account are not known: {facts.limits}"
    if facts.peak is None:
        yield "CloudWatch tells nothing of the load of the last 24 hours: whether the shards are enough is not known"


def _budget(name: str, switches: RecentCalls) -> Iterator[Refusal]:
    free = switches.free_again(SWITCHES_A_DAY)
    if free is not None:
        yield Refusal(
            f"the mode of {name} was switched {len(switches.times)} times in the last 24 hours, and Kinesis allows "
            f"{SWITCHES_A_DAY}",
            f"wait until {free:%Y-%m-%d %H:%M} UTC; if Kinesis shall say so itself, add: --allow {Guard.BUDGET}",
        )


def _shards(name: str, shards: int | None, facts: Facts, allowed: Collection[str]) -> Iterator[Refusal]:
    there, wanted = facts.live.open_shards, shards or facts.live.open_shards
    if wanted > 2 * there or 2 * wanted < there:
        yield Refusal(
            f"UpdateShardCount goes from {there} shards to {math.ceil(there / 2)} to {2 * there} in one call, "
            f"not to {wanted}",
            f"leave --shards out, and afterwards: streamops stream reshard {name} --to {wanted}",
        )
    needed = shards_needed(facts.peak)
    if needed > wanted and Guard.THROTTLING not in allowed:
        yield Refusal(
            f"{wanted} shards are not enough for the busiest minute of the last 24 hours, which needs {needed}",
            f"add --shards {needed} or more; if it is meant, add: --allow {Guard.THROTTLING}",
        )
    limits = facts.limits
    if isinstance(limits, Limits) and limits.open_shards + max(wanted, there) > limits.shards:
        yield Refusal(
            f"shards of provisioned streams count: {limits.open_shards} of {limits.shards} of the account are open, "
            f"and {max(wanted, there)} would be added",
            "ask for more in Service Quotas (Kinesis, shards per Region)",
        )


def shards_needed(peak: Peak | None) -> int:
    """How many shards take a load; 1 where it is not known."""
    if peak is None:
        return 1
    return max(1, math.ceil(max(peak.bytes_in / BYTES_OF_A_SHARD, peak.records_in / RECORDS_OF_A_SHARD)))
