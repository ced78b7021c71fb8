"""Many messages in one Firehose record, a line each: Firehose bills every record in steps of 5 KB.

Messages end with their newline already. The order that is kept is that of a whole partition.
"""

import sys
from collections.abc import Hashable, Iterable
from typing import Final

from connector.batch import Records
from connector.feed import Lane
from connector.outcome import Placements
from connector.packing import Part, counts_that_fit

# More would leave the processor's cache before it is sent.
_WORTH: Final = 1 << 17


class LinePacking:
    """Joins messages up to `size` bytes, and up to `messages` where that is not None."""

    def __init__(self, size: int, messages: int | None) -> None:
        self._size = size
        self._messages = sys.maxsize if messages is None else messages
        self.worth = min(size, _WORTH)
        """Bytes of keys and data for which a packed record leaves at once."""

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
        return counts_that_fit(parts, self._size, min(most, self._messages), _weight, _weights)

    def pack(self, content: Records) -> Records:
        """Make the one record."""
        data = b"".join(content.data)
        return Records([b""], [data], content.offsets[:1], len(data))

    def is_in_vain(self, name: Hashable, content: Records, placements: Placements | None, judged: int) -> bool:
        """Tell that what Firehose takes it delivers."""
        del name, content, placements, judged
        return False


def _weight(content: Records) -> int:
    return content.size - sum(map(len, content.keys))


def _weights(content: Records) -> Iterable[int]:
    return map(len, content.data)
