"""Where reading begins: from the commit, or, on the very first start, where the route says.

`start: latest` must not skip what comes after the first start. So the first offset of a partition is
committed as soon as it is known, before a record is read, and each commit says how many partitions
the topic had on the first start: a partition beyond them is new and is read from its beginning.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal

from connector.batch import Partition

Start = Literal["earliest", "latest"]

_NOTE: Final = re.compile(r"first start: (\d+) partitions")


def write_note(partitions: int) -> str:
    """Write the note that each commit carries as its metadata."""
    return f"first start: {partitions} partitions"


def read_note(metadata: Iterable[str | None]) -> int | None:
    """Find the number of partitions on the first start in the metadata of commits, None without a note."""
    matches = (_NOTE.fullmatch(text or "") for text in metadata)
    return next((int(match[1]) for match in matches if match), None)


def first_offset(start: Start, partition: Partition, first_partitions: int | None, low: int, high: int) -> int:
    """Choose the first offset of a partition of which nothing is committed.

    Args:
        start: The route's wish for its first start.
        partition: The partition.
        first_partitions: How many partitions the topic had then; None when others were committed without
            a note, by a tool for instance, so that this one can only be new.
        low: The oldest offset that the partition holds.
        high: The offset after its newest.
    """
    is_new = first_partitions is None or partition.number >= first_partitions
    return high if start == "latest" and not is_new else low
