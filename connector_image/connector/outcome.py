"""What became of a call, in the terms of the engine and of no service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Placements(NamedTuple):
    """Where the records of a call lie, one entry for each."""

    numbers: Sequence[bytes]
    """The sequence numbers that they were given, empty for none. They are decimal digits of one length, so they
    compare as they are."""
    shards: Sequence[bytes]
    """Names of the shards that took or refused them, empty where that is not known."""

    def part(self, start: int, end: int) -> "Placements":
        """Those of the records from `start` to before `end`."""
        return Placements(self.numbers[start:end], self.shards[start:end])


@dataclass(frozen=True, slots=True)
class Answer:
    """The target looked at every record of the call."""

    refusals: Mapping[int, str] = field(default_factory=dict)
    """The code of each record that was not taken, by its index in the call; they ascend."""
    placements: Placements | None = None
    """Where the records lie or were meant to, if the target tells."""


@dataclass(frozen=True, slots=True)
class CallFailure:
    """The call failed as a whole; whether the target took its records may be unknown (time-out)."""

    code: str
    message: str
    permanent: bool = False
    """Sending again will not help before somebody has changed something."""
    renews_credentials: bool = False
    """The credentials were refused, fresh ones may be accepted."""
    refuses_content: bool = False
    """The target does not take what the call holds: one of its records may be at fault."""


Outcome = Answer | CallFailure
