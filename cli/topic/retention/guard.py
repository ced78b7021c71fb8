"""The guard that every command asks before it changes what a topic keeps: ``retention``, ``config`` and ``sync``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cli.cluster import Cluster, LiveTopic
from cli.plan import Refusal, Risk
from cli.topic.retention import interactions
from cli.topic.retention.amounts import about_size, about_time, records
from cli.topic.retention.disk import DiskNeed, disk_needs
from cli.topic.retention.limits import DEFAULTS, Limits, settings_of
from cli.topic.retention.losses import GroupLoss, Loss, losses, uncommitted, unread
from cli.topic.retention.reading import (
    TopicState,
    beginnings,
    first_younger,
    read_groups,
    read_state,
)
from environments import Environment

GUARDED = (*DEFAULTS, "remote.storage.enable", "local.retention.ms", "local.retention.bytes", "segment.ms",
           "segment.bytes", "min.insync.replicas", "message.timestamp.before.max.ms")  # fmt: skip
"""The settings whose changes it has something to say about; with any other it says nothing."""

SELF_GROWING = ("msk-express", "msk-serverless")
"""Kinds of clusters whose storage has no size to run out of."""

MOST_LINES = 8
"""Partitions that are told one by one."""


@dataclass(frozen=True)
class Allowed:
    """What the command line lets pass."""

    data_loss: bool = False
    """``--allow-data-loss``: the change is then of severe risk, which needs ``--confirm`` too."""
    full_disk: bool = False
    """``--allow-full-disk``."""


NOTHING = Allowed()


@dataclass(frozen=True)
class Verdict:
    """What the guard says to a change of settings."""

    risk: Risk = Risk.MILD
    """Of the operation: mild where more is kept, moderate where less is and nothing there goes, severe else."""
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Without those that ``allowed`` lets pass: these are warnings then."""
    estimate: Mapping[str, Any] = field(default_factory=dict)
    """For the plan's summary, in JSON types: what would go, and which groups have not read it."""


def judge(
    environment: Environment,
    cluster: Cluster,
    name: str,
    live: LiveTopic,
    changes: Mapping[str, str | None],
    allowed: Allowed = NOTHING,
) -> Verdict:
    """What a change of settings would delete, and whether it may.

    Args:
        environment: where.
        cluster: asked for offsets, sizes and groups, only where the change keeps less, or more than the disks may hold.
        name: the topic's short name.
        live: the topic with its settings.
        changes: the new settings as Kafka spells them; None takes a setting back to its default.
        allowed: what the command line lets pass.
    """
    if not changes.keys() & set(GUARDED):
        return Verdict()
    before = settings_of(live)
    after = {**before, **changes}
    if unset := [setting for setting, value in changes.items() if value is None]:
        defaults = cluster.inherited(live.name, unset)
        after |= {setting: defaults.get(setting) for setting in unset}
    old, new = Limits.of(before), Limits.of(after)
    warnings = [
        *interactions.warnings_of(after, new, live.replication),
        *interactions.route_warnings(environment, name, new),
    ]
    firm = list(interactions.tiered(environment, after, new))
    found = _Findings()
    if new.keeps_less_than(old):
        found = _decrease(environment, cluster, name, live, new.lowered_from(old))
    if old.keeps_less_than(new):
        found.add(_increase(environment, cluster, live, after, new))
    held = [*found.losing, *_lost_otherwise(before, after, old, new)]
    for refusals, passes in ((held, allowed.data_loss), (found.filling, allowed.full_disk)):
        if passes:
            warnings += [refusal.reason for refusal in refusals]
        else:
            firm += refusals
    return Verdict(
        risk=Risk.SEVERE if held else Risk.MODERATE if new.keeps_less_than(old) or found.filling else Risk.MILD,
        warnings=(*warnings, *found.warnings),
        refusals=tuple(firm),
        estimate=found.estimate,
    )


@dataclass
class _Findings:
    losing: list[Refusal] = field(default_factory=list)
    filling: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    estimate: dict[str, Any] = field(default_factory=dict)

    def add(self, other: _Findings) -> None:
        self.losing += other.losing
        self.filling += other.filling
        self.warnings += other.warnings
        self.estimate |= other.estimate


def _decrease(environment: Environment, cluster: Cluster, name: str, live: LiveTopic, new: Limits) -> _Findings:
    now = now_ms()
    state = read_state(cluster, live)
    gone = lost(cluster, live, state, new, now)
    committed = read_groups(cluster, live.name)
    beginners = beginnings(environment, cluster, name, live.name, state.partitions)
    behind = unread(gone, committed, beginners)
    found = _Findings(estimate=_estimate(gone, behind, {*committed, *beginners}))
    found.warnings += [*_partition_lines(gone, state, now), *interactions.future_warnings(state.partitions, new, now)]
    way_out = f"to let them go: --allow-data-loss --confirm {name}"
    if state.leaderless:
        told = ", ".join(map(str, state.leaderless))
        found.losing.append(Refusal(f"nobody can tell what would go from partitions without a leader: {told}", way_out))
    if gone:
        found.losing.append(Refusal(_told(gone, now), f"keep more; {way_out}"))
    found.losing += [
        Refusal(
            f"group {group.group} has not read {group.records:,} of them (partition {_listed(group.unread)})",
            f"let it catch up first; {way_out}",
        )
        for group in behind
    ]
    found.warnings += [
        f"group {group} has committed nothing in partition {_listed(missing)}: what it would lose there is not known"
        for group, missing in uncommitted(gone, committed, beginners).items()
    ]
    if gone and not committed:
        found.warnings.append(
            "no known group reads the topic: groups whose offsets have expired, that keep them elsewhere, or that "
            "these credentials may not describe, cannot be seen"
        )
    return found


def _increase(
    environment: Environment, cluster: Cluster, live: LiveTopic, settings: Mapping[str, str | None], new: Limits
) -> _Findings:
    if environment.kafka.kind in SELF_GROWING:
        return _Findings()
    if settings.get("remote.storage.enable") == "true":
        return _Findings(warnings=["the longer part lies in tiered storage, whose size has no limit, only a price"])
    now = now_ms()
    state = read_state(cluster, live)
    needs, unknown = disk_needs(state.partitions, state.log_dirs, live.name, new, now)
    found = _Findings(estimate={"disks": [need.as_json() for need in needs]})
    if not needs:
        found.warnings.append("the brokers do not tell how much their disks hold: whether there is room is not known")
    elif any(need.usable is None for need in needs):
        found.warnings.append(
            "the brokers do not tell how much is free (before Kafka 3.3): whether there is room is not known"
        )
    if needs and unknown:
        found.warnings.append(
            f"how much is written a day is not known of partition {_listed(unknown)}: no record there is an hour old"
        )
    found.warnings += map(_growth, needs[:MOST_LINES])
    for need in needs:
        if need.too_much:
            found.filling.append(
                Refusal(
                    f"broker {need.broker} has {about_size(need.usable or 0)} free in {need.path}, and the topic will "
                    f"need about {about_size(need.more or 0)} more there ({about_size(need.a_day)} a day)",
                    "keep less or add storage first; to let it pass: --allow-full-disk",
                )
            )
    return found


def lost(cluster: Cluster, live: LiveTopic, state: TopicState, new: Limits, now: int) -> list[Loss]:
    """What goes of a topic when it has these limits, at most.

    With tiered storage the brokers tell the size of what lies on them alone, and ``retention.bytes`` counts all: then
    nobody can tell what stays by size.
    """
    partitions = state.partitions
    if settings_of(live).get("remote.storage.enable") == "true":
        partitions = tuple(replace(each, size=None) for each in partitions)
    younger: Mapping[int, int | None] = {}
    if new.effective.milliseconds >= 0:
        places = [(live.name, each.index) for each in state.partitions]
        younger = first_younger(cluster, places, now - new.milliseconds)
    return losses(partitions, new, younger)


def _lost_otherwise(
    before: Mapping[str, str | None], after: Mapping[str, str | None], old: Limits, new: Limits
) -> list[Refusal]:
    """Losses that no limit explains and nobody can count beforehand."""
    found: list[Refusal] = []
    if new.compacts and not old.compacts:
        found.append(
            Refusal(
                "compaction keeps the newest record of each key alone, and records without a key are refused from then "
                "on; how many go, nobody can tell beforehand",
                "to let it pass: --allow-data-loss, and --confirm the topic",
            )
        )
    if before.get("remote.storage.enable") == "true" and after.get("remote.storage.enable") != "true":
        found.append(
            Refusal(
                "turning tiered storage off deletes all that lies there alone",
                "to let it pass: --allow-data-loss, and --confirm the topic",
            )
        )
    return found


def _told(gone: Sequence[Loss], now: int) -> str:
    count = sum(loss.records for loss in gone)
    sizes = [loss.bytes for loss in gone]
    size = f" (about {about_size(sum(filter(None, sizes)))})" if None not in sizes else ""
    ages = [now - loss.oldest for loss in gone if loss.oldest is not None]
    age = f", the oldest of them {about_time(max(ages))} old" if ages else ""
    partitions = f"{len(gone)} partition{'s' if len(gone) > 1 else ''}"
    return f"up to {records(count)}{size} of {partitions} would be deleted{age}"


def _partition_lines(gone: Sequence[Loss], state: TopicState, now: int) -> list[str]:
    """A line for each partition that loses something, the worst first."""
    held = {each.index: each for each in state.partitions}
    worst = sorted(gone, key=lambda loss: (-loss.records, loss.partition))
    lines = [
        f"partition {loss.partition}: up to {loss.records:,} of {held[loss.partition].records:,} records would go"
        + (f", about {about_size(loss.bytes)}" if loss.bytes is not None else "")
        + (f", up to {about_time(now - loss.oldest)} old" if loss.oldest is not None else "")
        for loss in worst[:MOST_LINES]
    ]
    return [*lines, *([f"and of {len(worst) - MOST_LINES} partitions more"] if len(worst) > MOST_LINES else [])]


def _estimate(gone: Sequence[Loss], behind: Sequence[GroupLoss], known: set[str]) -> dict[str, Any]:
    sizes = [loss.bytes for loss in gone]
    return {
        "estimate": True,
        "lost_records": sum(loss.records for loss in gone),
        "lost_bytes": None if None in sizes else sum(filter(None, sizes)),
        "losses": [loss.as_json() for loss in gone],
        "known_groups": sorted(known),
        "unread": [group.as_json() for group in behind],
    }


def _growth(need: DiskNeed) -> str:
    told, free = f"on broker {need.broker} the topic", ""
    if need.expected is None:
        days = "" if need.days_left is None else f": its disk is full in about {need.days_left:,} days"
        return f"{told} grows by {about_size(need.a_day)} a day without end{days}"
    if need.usable is not None:
        free = f"; {about_size(need.usable)} are free there"
    return f"{told} has {about_size(need.held)} and will have about {about_size(max(need.held, need.expected))}{free}"


def _listed(partitions: Sequence[int] | Mapping[int, int]) -> str:
    shown = sorted(partitions)
    more = f" and {len(shown) - MOST_LINES} more" if len(shown) > MOST_LINES else ""
    return ", ".join(map(str, shown[:MOST_LINES])) + more


def now_ms() -> int:
    """The time in ms since 1970, as Kafka writes it."""
    return time.time_ns() // 1_000_000
