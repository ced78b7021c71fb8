"""When a stream must not be resharded, or not without being told so. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from cli.plan import Refusal
from cli.stream.resharding.facts import Facts, Quota
from environments.quantities import format_duration
from environments.streams import MIB

LAG_LIMIT = timedelta(minutes=5)
"""Readers finish both parents of a merge before its child. What lies unread in two shards is then read by one reader
at the pace of one shard, so whoever is behind already falls further behind."""
UPDATES_A_DAY = 10


class Guard(StrEnum):
    """What ``--allow`` lets pass."""

    AUTOSCALING = "autoscaling"
    LAG = "lag"
    LOAD = "load"


def way_past(guard: Guard) -> str:
    """How a command line lets a guard pass."""
    return f"if it is meant, add: --allow {guard}"


def refusals(name: str, facts: Facts, summary: Mapping[str, Any], allowed: Collection[Guard] = ()) -> Iterator[Refusal]:
    """Why this plan of one stream must not be carried out now.

    Args:
        name: of the stream in the YAML.
        facts: what is known of it.
        summary: of its plan, see ``cli.stream.resharding.summary``.
        allowed: guards that the command line lets pass.
    """
    if facts.scalers and Guard.AUTOSCALING not in allowed:
        yield Refusal(
            f"{name} is scaled by something else, which would undo this: {', '.join(facts.scalers)}",
            f"switch that off first; {way_past(Guard.AUTOSCALING)}",
        )
    age = facts.iterator_age
    if _merges(summary) and age is not None and age > LAG_LIMIT and Guard.LAG not in allowed:
        yield Refusal(
            f"readers of {name} are {_whole_seconds(age)} behind, and this merges shards: "
            f"they fall further behind above {format_duration(LAG_LIMIT)}",
            f"wait until they have caught up; {way_past(Guard.LAG)}",
        )
    after, busiest = summary["shards_after"], facts.busiest
    if busiest and after < min(summary["shards_before"], busiest.of_a_shard) and Guard.LOAD not in allowed:
        yield Refusal(
            f"in the busiest minute of the last hour {name} took {busiest.bytes_per_second / MIB:,.1f} MiB and "
            f"{busiest.records_per_second:,.0f} records a second, as much as {ceil(busiest.of_a_shard)} shards take; "
            f"{after} would throttle those who write",
            f"keep at least {ceil(busiest.of_a_shard)}; {way_past(Guard.LOAD)}",
        )
    yield from _budget(name, facts, summary)


def state_refusal(name: str, facts: Facts) -> Refusal | None:
    """Why no plan can be made for the stream as it is; nothing overrides it."""
    if facts.live.mode != "provisioned":
        return Refusal(
            f"{name} is {facts.live.mode}: Kinesis decides on its shards",
            f"switch the mode first: streamops stream mode {name} provisioned",
        )
    if facts.live.status != "ACTIVE":
        return Refusal(
            f"{name} is {facts.live.status}: another operation is under way", "run it again when the stream is ACTIVE"
        )
    return None


def quota_refusal(quota: Quota | str, more: int) -> Refusal | None:
    """Why the account has not room for ``more`` open shards at the peak; nothing overrides Kinesis' own limit."""
    if isinstance(quota, str) or more <= quota.limit - quota.used:
        return None
    return Refusal(
        f"at the peak {more} more shards are open than now, and the account has room for {quota.limit - quota.used}: "
        f"{quota.used} of {quota.limit} are open",
        "ask for a higher limit in Service Quotas (Kinesis, shards per Region), or try --order sweep",
    )


def quota_told(quota: Quota | str, more: int, *, updates: bool) -> str:
    """How much room the account leaves.

    UpdateShardCount opens short-lived shards on its way, which count too; Kinesis does not say how many.
    """
    if isinstance(quota, str):
        return f"the account's limit of shards is not known: {quota}"
    besides = ", besides those that UpdateShardCount opens for a moment" if updates else ""
    return (
        f"the account has {quota.used:,} of {quota.limit:,} shards open, and {quota.used + more:,} at the peak{besides}"
    )


def warnings(name: str, facts: Facts, summary: Mapping[str, Any]) -> Iterator[str]:
    """What the user should know before saying yes."""
    if summary["updates"] and not facts.updates.unknown:
        used, needed = len(facts.updates.times), summary["updates"]
        yield f"{name}: {used} of the {UPDATES_A_DAY} UpdateShardCount of 24 hours are used, and this needs {needed}"
    for text in facts.unchecked:
        yield f"{name}: {text}"
    if _merges(summary) and facts.iterator_age is None:
        yield (
            f"{name}: no reader has told its iterator age in the last quarter of an hour; "
            "one that has stopped tells none, and would find its shards merged"
        )
    if summary["shards_after"] < summary["shards_before"] and facts.busiest is None:
        yield (
            f"{name}: CloudWatch tells nothing of what was written in the last hour; "
            f"whether {summary['shards_after']} shards are enough is not known"
        )
    if summary["updates"] and facts.updates.unknown:
        yield (
            f"{name}: how often UpdateShardCount was called in the last 24 hours is not known: {facts.updates.unknown}"
        )


def _budget(name: str, facts: Facts, summary: Mapping[str, Any]) -> Iterator[Refusal]:
    left = facts.updates.left(UPDATES_A_DAY)
    if left is None or summary["updates"] <= left:
        return
    free = facts.updates.free_again(UPDATES_A_DAY)
    when = f"wait until {free:%Y-%m-%d %H:%M} UTC" if free else "go part of the way"
    yield Refusal(
        f"{name} was updated {UPDATES_A_DAY - left} times in the last 24 hours, this needs {summary['updates']} more, "
        f"and UpdateShardCount works {UPDATES_A_DAY} times",
        f"{when}, or split and merge: --strategy split-merge",
    )


def _merges(summary: Mapping[str, Any]) -> bool:
    fewer: bool = summary["shards_after"] < summary["shards_before"]
    return bool(summary["merges"]) or bool(summary["updates"] and fewer)


def _whole_seconds(age: timedelta) -> str:
    return format_duration(timedelta(seconds=round(age.total_seconds())))
