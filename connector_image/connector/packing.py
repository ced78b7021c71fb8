"""How many records become one: what a packed feed asks of the format and the target."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from connector.batch import Records, joined
from connector.feed import Lane
from connector.outcome import Placements


@dataclass(slots=True, eq=False)
class Part:
    """Records of one lane that wait to be packed, or are inside a packed record."""

    lane: Lane
    records: Records
    _is_own: bool = False

    def add(self, more: Records) -> None:
        """Let more records of the lane follow."""
        mine = self.records
        if not self._is_own:
            # What was offered may be in use elsewhere.
            mine = self.records = joined([mine, more])
            self._is_own = True
            return
        mine.keys += more.keys
        mine.data.extend(more.data)
        mine.offsets = [*mine.offsets, *more.offsets]
        mine.size += more.size
        if mine.hash_keys is not None:
            mine.hash_keys += more.hash_keys or ()


def counts_that_fit(
    parts: Iterable[Part],
    room: int,
    most: int,
    weight: Callable[[Records], int],
    weights: Callable[[Records], Iterable[int]],
) -> list[int]:
    """Count how many of the first records of each part go into one packed record; the first one always does.

    Args:
        parts: What waits, in order.
        room: Bytes for all of them.
        most: Records in all.
        weight: Tells how many bytes all records of a part take.
        weights: Tells how many bytes each of them takes, which is asked only where not all may fit.
    """
    counts: list[int] = []
    for part in parts:
        count, size = len(part.records), weight(part.records)
        if size > room or count > most:
            ends = list(accumulate(weights(part.records)))
            count = min(most, bisect_right(ends, room))
            if not counts:
                count = max(1, count)
            if count == 0:
                break
            size = ends[count - 1]
        counts.append(count)
        room -= size
        most -= count
        if count < len(part.records):
            break
    return counts


class Packing(Protocol):
    """How many records become one."""

    worth: int
    """Bytes of keys and data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Tell which records of a lane travel one packed record after the other: they have the same name."""

    def is_settled(self) -> bool:
        """Tell whether `routes` may be relied on; while not, nothing is packed."""

    def has_moved(self) -> bool:
        """Tell, once, that `routes` has other answers than before."""

    def fitting(self, parts: Iterable[Part], most: int) -> list[int]:
        """Count how many of the first records of each part go into one packed record, `most` at most in all."""

    def pack(self, content: Records) -> Records:
        """Make the one record. One alone may stay as it is."""

    def is_in_vain(self, name: Hashable, content: Records, placements: Placements | None, judged: int) -> bool | None:
        """Tell whether readers will not see a packed record that was taken, because of where it lies.

        `name` is that under which `routes` gave its records.
        None: that is known only when the routes are settled again, which they are not from now on. It is asked again
        then; `judged` is how often it was asked before.
        """
