"""Where reading begins: from the commit, or, on the very first start, where the route says.

`start: latest`, or a time, must not skip what comes after the first start. So the first offset of a partition is
committed as soon as it is known, before a record is read, and each commit says how many partitions
the topic had on the first start: a partition beyond them is new and is read from its beginning.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from connector.batch import Partition

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NOTE: Final = re.compile(r"first start: (\d+) partitions")


def write_note(partitions: int) -> str:
    """Write the note that each commit carries as its metadata."""
    return f"first start: {partitions} partitions"


def read_note(metadata: Iterable[str | None]) -> int | None:
    """Find the number of partitions on the first start in the metadata of commits, None without a note."""
    matches = (_NOTE.fullmatch(text or "") for text in metadata)
    return next((int(match[1]) for match in matches if match), None)


def is_new(partition: Partition, first_partitions: int | None) -> bool:
    """Tell whether a partition appeared after the first start, so that it is read from its beginning.

    Args:
        partition: A partition of which nothing is committed.
        first_partitions: How many partitions the topic had on the first start; None when others were committed
            without a note, by a tool for instance, so that this one can only be new.
    """
    return first_partitions is None or partition.number >= first_partitions


def milliseconds(start: datetime) -> int:
    """Return the first whole millisecond at or after a time, as Kafka counts: since the epoch, and never before it."""
    # Kafka gives negative numbers meanings of their own.
    return max(0, -((_EPOCH - start) // _MILLISECOND))
