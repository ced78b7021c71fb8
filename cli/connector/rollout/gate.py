"""The lag gate: whether the consumers of a route have caught up again after a rollout. No I/O.

ECS calls a rollout successful when its tasks run. A connector whose tasks run and are healthy, and that reads nothing,
passes for that; it does not pass here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

TOLERANCE = timedelta(seconds=10)
"""Lag in time that is none: records are batched, and offsets committed every few seconds."""


@dataclass(frozen=True)
class Lag:
    """How far a consumer group is behind at one moment."""

    records: int
    time: timedelta | None
    """Of the partition that is furthest behind; None where it is not known."""
    position: int
    """All its committed offsets together: a group that reads raises it."""
    members: bool
    """Whether anybody reads: the group has members that own its partitions."""

    def __str__(self) -> str:
        behind = "" if self.time is None else f", {self.time.total_seconds():.0f}s"
        return f"{self.records:,} records{behind}{'' if self.members else ', no members'}"


@dataclass(frozen=True)
class Baseline:
    """How far the group was behind before."""

    records: int = 0
    time: timedelta | None = None

    def allows(self, lag: Lag) -> bool:
        """Whether a lag is no worse; a lag of a few seconds never is."""
        if not lag.members:
            return False
        if lag.records <= self.records:
            return True
        return lag.time is not None and lag.time <= max(self.time or timedelta(), TOLERANCE)

    def __str__(self) -> str:
        longest = max(self.time or timedelta(), TOLERANCE).total_seconds()
        return f"{self.records:,} records or {longest:.0f}s"

    def written(self) -> str:
        """In the characters that a tag may have: ``1200:3.5``."""
        return f"{self.records}:{'' if self.time is None else round(self.time.total_seconds(), 1)}"

    @classmethod
    def read(cls, text: str) -> Baseline:
        """The inverse of ``written``; ValueError where it is none."""
        records, _, seconds = text.partition(":")
        return cls(int(records), timedelta(seconds=float(seconds)) if seconds else None)


class Verdict(StrEnum):
    """What is known so far."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass
class Gate:
    """Fed with the lag again and again; times are seconds of a clock that never goes back.

    It passes when for ``stable`` every lag was within the baseline, and in that time either nothing was left to read
    or the group went on. It fails when no such time has begun within ``catch_up``, so it always ends after ``catch_up``
    and ``stable``.
    """

    baseline: Baseline
    stable: timedelta
    catch_up: timedelta
    begun: float
    _window: list[tuple[float, Lag]] = field(default_factory=list)
    last: Lag | None = None

    def observe(self, at: float, lag: Lag | None) -> Verdict:
        """Take the lag at a moment; None where it could not be read, which is never taken for a good one."""
        self.last = lag
        if lag is not None and self.baseline.allows(lag):
            self._window.append((at, lag))
        else:
            self._window.clear()
        if self._window and at - self._window[0][0] >= self.stable.total_seconds() and self._reading:
            return Verdict.PASSED
        late = at - self.begun - self.catch_up.total_seconds()
        if not self._window:
            return Verdict.FAILED if late >= 0 else Verdict.WAITING
        # A time that has begun in time may end late; one in which nothing is committed goes on no longer than that.
        return Verdict.FAILED if late >= self.stable.total_seconds() else Verdict.WAITING

    @property
    def _reading(self) -> bool:
        """Whether the group has done in the window what there was to do."""
        lags = [lag for _, lag in self._window]
        return any(lag.records == 0 for lag in lags) or lags[-1].position > lags[0].position

    @property
    def told(self) -> str:
        """Where it stands, for people."""
        if self.last is None:
            return "the lag cannot be read"
        if not self.last.members:
            return f"nobody reads: the group has no members ({self.last.records:,} records wait)"
        if self._window and not self._reading:
            return f"the group commits nothing: {self.last} behind"
        return f"{self.last} behind; before it was {self.baseline}"
