"""What the dispatcher asks of the rules by which records are chosen for a call."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from connector.batch import Partition, Records
from connector.outcome import Placements
from connector.watermark import Watermark


class CallLimits(NamedTuple):
    """What one call may hold: records, and their bytes as `Records.size` counts them."""

    records: int
    size: int


@dataclass(slots=True, eq=False)
class Lane:
    """One assigned partition on its way through: how far it is acknowledged."""

    partition: Partition
    watermark: Watermark = field(default_factory=Watermark)
    barrier: int | None = None
    """The offset of a record that the target never takes; nothing from it on will be acknowledged."""
    abandoned: bool = False


class Doubt(NamedTuple):
    """When the target refused a call for its content."""

    left: int
    """How many calls had left by then."""
    since: float


@dataclass(slots=True, eq=False)
class Piece:
    """Records as they go into a call. What they mean to its feed only that knows."""

    records: Records
    attempt: int = 0
    """How often they were sent before."""
    doubt: Doubt | None = field(default=None, kw_only=True)
    """When a call with them was refused for its content first, None for never."""

    @property
    def messages(self) -> int:
        """How many messages they are."""
        return len(self.records)


class Refused(NamedTuple):
    """A record that the target refuses for itself: its partition key and data as they were sent."""

    lane: Lane
    offset: int
    key: bytes
    data: bytes


class Feed(Protocol):
    """Holds records until they are acknowledged, and decides which may leave next.

    Time is an argument, in seconds of one clock.
    """

    hasty: bool
    """Whether nothing is to wait for a call to fill: somebody waits for the last record."""
    released: int
    """Memory given back so far, in bytes as `Records.footprint` counts them."""

    @property
    def held(self) -> int:
        """Records that wait for an earlier one of their key."""

    @property
    def paced(self) -> int:
        """Records that wait because their place in the target refused too many."""

    waited: int
    """Records so far that had to wait for an earlier one of their key."""

    def offer(self, lane: Lane, records: Records, now: float) -> None:
        """Take in records of a lane, above all that it was offered before."""

    def is_full(self) -> bool:
        """Tell whether enough is queued for the next calls, so that reading more would only take memory."""

    def fill(self, limits: CallLimits, now: float) -> list[Piece]:
        """Take what goes into the next call, possibly nothing."""

    def wake_at(self) -> float | None:
        """Tell when `fill` may have something by the passing of time alone, None for never."""

    def taken(self, piece: Piece, placements: Placements | None) -> int:
        """Note that the target took the records of a piece; return how many messages they were.

        `placements` are those of the whole piece, None where some of it was refused.
        """

    def failed(self, piece: Piece, indices: Sequence[int] | None, now: float) -> None:
        """Note that these records of a piece, or all, were not taken and must be sent again.

        A part of them, in ascending order, leaves the piece: the rest may be settled for itself.
        """

    def suspected(self, piece: Piece, company: int, *, at_fault: bool) -> Iterable[Refused]:
        """Note that the target refuses a call for its content; one of its records may be at fault.

        Those of this piece are to go in calls of `company` records at most, and its doubt with them. What was alone
        already is returned if it is `at_fault`; else it is sent again as after `failed`.
        """

    def settle(self, refused: Refused) -> None:
        """Let what follows a refused record go on: its fate is decided elsewhere."""

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Drop what is not under way of lanes that are given up, and what comes back of them."""
