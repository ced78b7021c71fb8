"""What became of a call, in the terms of the engine and of no service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The target looked at every record of the call."""

    codes: list[str | None] | None
    """For each record the code of its failure, None for one that was taken. None: all were taken."""
    numbers: list[str] | None = None
    """For each record its sequence number, where the target gives one; empty for a failed one."""


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
