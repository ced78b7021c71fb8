"""What travels one packed record after the other: the records that wait, and the packed record that is under way."""

import sys
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

from connector.batch import Records, joined
from connector.feed import Doubt, Lane, Piece
from connector.packing import Part

NO_LIMIT: Final = sys.maxsize
# Records of one lane up to which more are added to those that wait.
_PART: Final = 512


@dataclass(slots=True, eq=False)
class Queue:
    """Records that leave in order, the next packed record when the one before it is acknowledged."""

    name: Hashable
    parts: deque[Part] = field(default_factory=deque)
    size: int = 0
    """Bytes of keys and data that wait."""
    due: float = 0.0
    """When they may leave however few they are, in seconds of the feed's clock."""
    timer: float | None = None
    """When the feed looks at it next, None for not by the passing of time."""
    attempt: int = 0
    most: int = NO_LIMIT
    """Records in one packed record at most, while one of them is suspected to be refused for itself."""
    doubt: Doubt | None = None
    """Since when one of the first records is."""
    is_under_way: bool = False
    is_ripe: bool = False

    def append(self, lane: Lane, records: Records) -> None:
        """Let records wait behind the others."""
        self.size += records.size
        last = self.parts[-1] if self.parts else None
        # A few records of one lane at a time would cost more than they do together.
        if last is not None and last.lane is lane and len(last.records) < _PART:
            last.add(records)
        else:
            self.parts.append(Part(lane, records))

    def take(self, counts: list[int]) -> "Parcel":
        """Take so many of the first records of each of the first parts out; they are to be packed."""
        taken: list[Part] = []
        for count in counts:
            part = self.parts.popleft()
            if count < len(part.records):
                first, rest = part.records.split(count)
                part = Part(part.lane, first)
                self.parts.appendleft(Part(part.lane, rest))
            taken.append(part)
        content = joined([part.records for part in taken])
        self.size -= content.size
        self.is_under_way = True
        # The limit doubles whenever a parcel is taken: far below it the search is over.
        doubt = self.doubt if 2 * len(content) >= self.most else None
        return Parcel(content, self.attempt, queue=self, parts=taken, content=content, doubt=doubt)

    def put_back(self, parcel: "Parcel") -> int:
        """Put what was taken out first again, but what nobody waits for any more; return its memory in bytes."""
        dropped = 0
        for part in reversed(parcel.parts):
            if part.lane.abandoned:
                dropped += part.records.footprint
            else:
                self.parts.appendleft(part)
                self.size += part.records.size
        return dropped

    def drop_abandoned(self) -> int:
        """Drop what nobody waits for any more; return its memory in bytes."""
        dropped = [part for part in self.parts if part.lane.abandoned]
        if dropped:
            self.parts = deque(part for part in self.parts if not part.lane.abandoned)
            self.size -= sum(part.records.size for part in dropped)
        return sum(part.records.footprint for part in dropped)


@dataclass(slots=True, eq=False)
class Parcel(Piece):
    """One packed record. Its `records` are that one."""

    queue: Queue = field(kw_only=True)
    parts: list[Part] = field(kw_only=True)
    content: Records = field(kw_only=True)
    """The records in it."""
    judged: int = 0
    """How often it was asked in vain whether it was taken in vain."""

    @classmethod
    def of(cls, piece: Piece) -> "Parcel":
        """Take for what it is what a feed gets back of what it gave."""
        assert isinstance(piece, cls)  # noqa: S101 - a dispatcher mixes no feeds
        return piece

    @property
    def messages(self) -> int:
        """See `Piece`."""
        return len(self.content)

    def acknowledge(self) -> None:
        """Note in their lanes that its records are acknowledged."""
        offsets: dict[Lane, list[int]] = {}
        for part in self.parts:
            offsets.setdefault(part.lane, []).extend(part.records.offsets)
        for lane, done in offsets.items():
            lane.watermark.acknowledge(done)


def as_read(queues: Iterable[Queue]) -> list[tuple[Lane, Records]]:
    """Bring what waits in these queues into the order of each lane."""
    by_lane: dict[Lane, list[Records]] = {}
    for queue in queues:
        for part in queue.parts:
            by_lane.setdefault(part.lane, []).append(part.records)
    ordered = []
    for lane, contents in by_lane.items():
        whole = joined(contents)
        ordered.append((lane, whole.select(sorted(range(len(whole)), key=whole.offsets.__getitem__))))
    return ordered
