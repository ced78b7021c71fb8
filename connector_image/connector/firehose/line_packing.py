"""Many messages in one Firehose record, a line each: Firehose bills every record in steps of 5 KB.

Messages end with their newline already. The order that is kept is that of a whole partition.
"""

import sys
from bisect import bisect_right
from collections.abc import Hashable, Iterable
from itertools import accumulate
from typing import Final

from connector.batch import Records
from connector.feed import Lane
from connector.outcome import Placements
from connector.packing import Part

# More would leave the processor's cache before it is sent.
_WORTH: Final = 1 << 17


class LinePacking:
    """Joins messages up to `size` bytes, and up to `messages` where that is not None."""

    def __init__(self, size: int, messages: int | None) -> None:
        self._size = size
        self._messages = sys.maxsize if messages is None else messages
        self.worth = min(size, _WORTH)
        """Bytes of data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Keep the records of a lane together."""
        return ((lane, incoming),)

    def is_settled(self) -> bool:
        """Tell that routes may be relied on."""
        return True

    def has_moved(self) -> bool:
        """Tell that routes never change."""
        return False

    def fitting(self, parts: Iterable[Part], most: int) -> list[int]:
        """Count how many of the first records of each part go into one record; the first one always does."""
        counts: list[int] = []
        room, left = self._size, min(most, self._messages)
        for _, records, whole in parts:
            count, size = len(records), whole
            if size > room or count > left:
                ends = list(accumulate(map(len, records.data)))
                count = min(left, bisect_right(ends, room))
                if not counts:
                    count = max(1, count)
                if count == 0:
                    break
                size = ends[count - 1]
            counts.append(count)
            room -= size
            left -= count
            if count < len(records):
                break
        return counts

    def pack(self, content: Records) -> Records:
        """Make the one record."""
        data = b"".join(content.data)
        return Records([b""], [data], content.offsets[:1], len(data))

    def is_in_vain(self, content: Records, placements: Placements | None, judged: int) -> bool:
        """Tell that what Firehose takes it delivers."""
        del content, placements, judged
        return False
