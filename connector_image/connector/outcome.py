"""What became of a call, in the terms of the engine and of no service."""

from collections.abc import Sequence
from dataclasses import dataclass

Placement = tuple[bytes, bytes]
"""The sequence number that a record was given, empty for none, and the name of the shard, empty when it is not known.

Numbers are decimal digits of one length, so they compare as they are.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """The target looked at every record of the call."""

    codes: Sequence[str | None] | None = None
    """For each record the code of its failure, None for one that was taken. None: all were taken."""
    placements: Sequence[Placement] | None = None
    """For each record where it lies or was meant to, if the target tells."""


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
    """The target is well and takes calls, but not one with these records: one of them may be at fault."""


Outcome = Answer | CallFailure
