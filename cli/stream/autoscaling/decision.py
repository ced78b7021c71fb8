"""Whether the load of a stream asks for another number of shards. No I/O.

Up on either side, writers or readers; down only where both allow it, since taking shards away costs when it was wrong,
and adding them costs little. What is not known never takes shards away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from environments.quantities import format_duration
from environments.stream_autoscale import StreamAutoscale


@dataclass(frozen=True)
class Load:
    """What was measured in a window, in limits of one shard: 3.0 is all that three shards take."""

    written: Sequence[float]
    """Of each minute that has a datapoint, the newest first; a minute without one had no writes, if others had."""
    read: Sequence[float]
    """Of readers that share GetRecords; empty where there are none."""
    minutes: int
    """How long the window is."""

    @property
    def peak(self) -> float:
        """The highest of both sides."""
        return max([*self.written, *self.read], default=0.0)

    def lasts_above(self, limit: float) -> bool:
        """Whether one side was above ``limit`` in every minute.

        The newest minute may not have been told yet, or only in part: CloudWatch adds up what arrives late.
        """
        needed = max(1, self.minutes - 1)
        sides = (side[1:] if len(side) > needed else side for side in (self.written, self.read))
        return any(len(side) >= needed and min(side) > limit for side in sides)


@dataclass(frozen=True)
class Evidence:
    """All that the decision is made by."""

    shards: int
    """Open ones."""
    recently: Load
    """In the window of ``up``."""
    for_long: Load
    """In the window of ``down``."""
    changed_within_up_cooldown: bool
    changed_within_down_cooldown: bool
    iterator_age: timedelta | None
    """Of the reader that is furthest behind; None where none has told."""


@dataclass(frozen=True)
class Decision:
    """How many shards there shall be, and why."""

    shards: int
    reason: str


def decide(policy: StreamAutoscale, evidence: Evidence) -> Decision:
    """The number of shards that the policy wants now.

    1. Outside its bounds, the stream goes back to the nearer one.
    2. Up where one side was above ``up.above`` for the whole window, unless shards have just changed.
    3. Down where both sides were below ``down.below`` for the whole window, unless shards have changed not long ago,
       readers are behind, or something that has to be known is not.

    New shards are as many as bring the highest load of the window to ``target``.
    """
    now = evidence.shards
    if not policy.min <= now <= policy.max:
        bound = policy.min if now < policy.min else policy.max
        return Decision(bound, f"{now} shards are outside of {policy.min} to {policy.max}")
    if evidence.recently.lasts_above(policy.up.above / 100 * now):
        return _up(policy, evidence)
    return _down(policy, evidence)


def _up(policy: StreamAutoscale, evidence: Evidence) -> Decision:
    now = evidence.shards
    load = _told(evidence.recently.peak, now)
    high = f"the load was above {policy.up.above}% for {format_duration(policy.up.window)}, up to {load}"
    if now == policy.max:
        return Decision(now, f"{high}, and {now} shards are the maximum")
    if evidence.changed_within_up_cooldown:
        return Decision(now, f"{high}, and the shards have changed within {format_duration(policy.up.cooldown)}")
    return Decision(min(policy.max, _enough(policy, evidence.recently)), high)


def _down(policy: StreamAutoscale, evidence: Evidence) -> Decision:
    now, load = evidence.shards, evidence.for_long
    window = format_duration(policy.down.window)
    if not load.written:
        return Decision(now, f"nothing was measured for {window}: an idle stream is not told from a silent one")
    highest = f"the highest load in {window} was {_told(load.peak, now)}"
    wanted = max(policy.min, _enough(policy, load))
    if load.peak >= policy.down.below / 100 * now or wanted >= now:
        return Decision(now, highest)
    held = _held(policy, evidence)
    return Decision(now, f"{highest}, and {held}") if held else Decision(wanted, highest)


def _held(policy: StreamAutoscale, evidence: Evidence) -> str:
    """What keeps shards that are not needed; empty where nothing does."""
    if evidence.changed_within_down_cooldown:
        return f"the shards have changed within {format_duration(policy.down.cooldown)}"
    if evidence.iterator_age is None:
        return "how far readers are behind is not known"
    if evidence.iterator_age > policy.iterator_age:
        behind = format_duration(timedelta(seconds=round(evidence.iterator_age.total_seconds())))
        return f"readers are {behind} behind, more than {format_duration(policy.iterator_age)}"
    return ""


def _enough(policy: StreamAutoscale, load: Load) -> int:
    """The fewest shards on which the highest load is no more than the target."""
    return max(1, ceil(load.peak * 100 / policy.target))


def _told(load: float, shards: int) -> str:
    return f"{load / shards:.0%} of what {shards} shards take"
