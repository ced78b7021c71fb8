"""Where a group shall go on, and what that skips or repeats. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cli.cluster import Place
from cli.plan import Risk
from environments.quantities import parse_duration

FORMS = "start, end, 2026-11-21T08:00:00Z, -1h, -500, +500 (records from where it is) or an offset"


class Kind(StrEnum):
    """What a target counts."""

    START = "start"
    END = "end"
    TIME = "time"
    """Milliseconds since 1970; the first record of that time or later."""
    SHIFT = "shift"
    """Records from where the group is."""
    OFFSET = "offset"


@dataclass(frozen=True)
class Target:
    """A place that means something in every partition."""

    kind: Kind
    number: int = 0


def parse_target(text: str, now: datetime) -> Target:
    """Read what ``--to`` was given; ValueError where it is none of FORMS."""
    if text in (Kind.START, Kind.END):
        return Target(Kind(text))
    if re.fullmatch(r"[+-]\d+", text):
        return Target(Kind.SHIFT, int(text))
    if re.fullmatch(r"\d+", text):
        return Target(Kind.OFFSET, int(text))
    if re.fullmatch(r"-\d+[a-z]+", text):
        return Target(Kind.TIME, _milliseconds(now - parse_duration(text[1:])))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is none of: {FORMS}") from None
    if time.tzinfo is None:
        raise ValueError(f"{text!r} does not say of which zone it is: add Z, or an offset such as +01:00")
    if time > now:
        raise ValueError(f"{text!r} is in the future: write end to skip all that is there")
    return Target(Kind.TIME, _milliseconds(time))


@dataclass(frozen=True)
class Move:
    """One partition of a group that shall go on elsewhere."""

    topic: str
    partition: int
    begin: int
    """The first offset that is still there."""
    end: int
    """The offset that the next record will have."""
    before: int | None
    """What is committed; None: nothing, so that each consumer begins where ``auto.offset.reset`` says."""
    wanted: int | None
    """None: nothing shall be committed any more."""

    @property
    def place(self) -> Place:
        """The partition."""
        return self.topic, self.partition

    @property
    def after(self) -> int | None:
        """What is wanted, but never outside of what the partition holds: there consumers would be reset."""
        return None if self.wanted is None else min(max(self.wanted, self.begin), self.end)

    @property
    def skipped(self) -> int:
        """Records that the group will never read."""
        return 0 if self.after is None else max(0, self.after - max(self.begin, self.before or 0))

    @property
    def repeated(self) -> int:
        """Records that it reads a second time."""
        if self.after is None or self.before is None:
            return 0
        return max(0, min(self.before, self.end) - self.after)

    @property
    def risk(self) -> Risk:
        """Records that are skipped are lost to the group, repeated ones are duplicates."""
        return Risk.SEVERE if self.skipped or self.after is None else Risk.MODERATE

    @property
    def reason(self) -> str:
        """What it means."""
        if self.after is None:
            return "its consumers begin where auto.offset.reset says"
        if self.skipped:
            return "records are skipped"
        return "records are read again" if self.repeated else "skips and repeats nothing"

    @property
    def delta(self) -> int | None:
        """How far it moves; None where it comes from or goes to nowhere."""
        return None if self.before is None or self.after is None else self.after - self.before


def _milliseconds(time: datetime) -> int:
    return (time - datetime.fromtimestamp(0, tz=time.tzinfo)) // timedelta(milliseconds=1)
