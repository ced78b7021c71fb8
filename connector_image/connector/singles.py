"""Records of one partition that travel each for itself, as a feed handles them."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.batch import Records
from connector.feed import CallLimits, Lane, Piece


@dataclass(slots=True, eq=False)
class Singles(Piece):
    """Records of one lane, each for itself."""

    lane: Lane = None  # type: ignore[assignment]  # always given; the base has a default before it
    due: float = 0.0
    """When they may leave without company."""

    @classmethod
    def of(cls, piece: Piece) -> "Singles":
        """Take for what it is what a feed gets back of what it gave."""
        assert isinstance(piece, cls)  # noqa: S101 - a dispatcher mixes no feeds
        return piece

    def some(self, indices: Sequence[int]) -> "Singles":
        """Copy the records at `indices`."""
        return self.made_of(self.records.select(indices), self.attempt)

    def join(self, other: "Singles") -> None:
        """Take in the records of another piece of the same lane, in the order of their offsets."""
        mine, more = self.records, other.records
        offsets = [*mine.offsets, *more.offsets]
        hash_keys = [*(mine.hash_keys or ()), *(more.hash_keys or ())]
        both = Records(mine.keys + more.keys, mine.data + more.data, offsets, mine.size + more.size, hash_keys or None)
        self.records = both.select(sorted(range(len(both)), key=offsets.__getitem__))
        self.doubt = None

    def made_of(self, records: Records, attempt: int) -> "Singles":
        """Make a piece of some of these records."""
        return Singles(records, attempt, self.lane, doubt=self.doubt)


def fits(records: Records, room: CallLimits) -> bool:
    """Tell whether all of them fit into what is left of a call."""
    return len(records.keys) <= room.records and records.size <= room.size


def fitting(records: Records, room: CallLimits) -> int:
    """Count how many of the first records fit, one at least: a single one above the limit goes alone."""
    count = min(room.records, len(records))
    if records.size > room.size:
        total = 0
        for index in range(count):
            total += len(records.data[index]) + len(records.keys[index])
            if total > room.size:
                return max(1, index)
    return max(1, count)
