"""How a group does in one partition, judged by how its lag went over a while. No I/O.

The rules are those of Burrow (github.com/linkedin/Burrow/wiki/Consumer-Lag-Evaluation-Rules): no threshold, since a lag
is good or bad by where it goes. Burrow reads each commit with its time; here committed offsets are asked for at
intervals, so that only a commit that moves is seen, and whether the group has members tells apart what the times of
its commits would.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Verdict(StrEnum):
    """How a group does in a partition, the best first."""

    OK = "ok"
    """There was nothing left to read at some time, or the lag went down."""
    UNKNOWN = "unknown"
    """There is something to read, and too little was seen to tell more."""
    WARN = "warn"
    """It reads, and its lag never went down."""
    REWIND = "rewind"
    """It went back to records that it had read."""
    STALL = "stall"
    """It has members, and its offset did not move."""
    STOP = "stop"
    """Its offset has not moved for longer than it did before, or it has no members to move it."""


@dataclass(frozen=True)
class Sample:
    """What was seen of a partition at one time."""

    seconds: float
    """Of any clock that goes on steadily."""
    committed: int | None
    """None: nothing yet."""
    lag: int
    """Records that are left to read, never below zero."""


def verdict(samples: Sequence[Sample], *, members: bool) -> Verdict:
    """Judge one partition.

    1. Nothing left to read at some time: ok.
    2. One sample only: unknown.
    3. It never moved: stall with members, stop without.
    4. It went back: rewind.
    5. It has not moved for longer than it did before: stop.
    6. Lag never went down: warn. Else ok.

    Args:
        samples: in the order of their time.
        members: whether the group has any.
    """
    if any(sample.lag == 0 for sample in samples):
        return Verdict.OK
    if len(samples) < 2:  # noqa: PLR2004 - a direction takes two
        return Verdict.UNKNOWN
    moves = [(before, after) for before, after in pairwise(samples) if before.committed != after.committed]
    if not moves:
        return Verdict.STALL if members else Verdict.STOP
    if any(_went_back(before, after) for before, after in moves):
        return Verdict.REWIND
    last_move = moves[-1][1].seconds
    if samples[-1].seconds - last_move > last_move - samples[0].seconds:
        return Verdict.STOP
    went_down = any(after.lag < before.lag for before, after in pairwise(samples))
    return Verdict.OK if went_down else Verdict.WARN


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """That of a whole group."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.OK)


def _went_back(before: Sample, after: Sample) -> bool:
    return before.committed is not None and (after.committed is None or after.committed < before.committed)
