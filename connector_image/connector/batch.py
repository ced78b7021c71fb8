"""Records as columns: what was read, and what is sent.

A record is never an object of its own. Lists of keys, values and offsets cost a fraction of a list
of objects, and the common operations on them run inside the interpreter's C loops.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

# What a record costs beside its bytes: the headers of its key, value and offset and three list slots.
RECORD_OVERHEAD: Final = 160


class Partition(NamedTuple):
    """A partition of a topic, written `topic:number` as Kafka's own tools do."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.number}"


@dataclass(slots=True)
class Batch:
    """Consecutive records of one partition as the source read them. Offsets ascend but may have holes."""

    partition: Partition
    keys: list[bytes | None]
    values: list[bytes | None]
    offsets: Sequence[int]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(slots=True)
class Records:
    """Records as the target takes them: partition keys and data. `size` is their bytes, keys included."""

    keys: list[str]
    data: list[bytes]
    offsets: Sequence[int]
    size: int

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def footprint(self) -> int:
        """Memory they take, in bytes. It adds up: parts cost together what the whole did."""
        return self.size + RECORD_OVERHEAD * len(self.keys)

    def select(self, indices: Sequence[int]) -> "Records":
        """Copy the records at `indices`, in that order."""
        keys, data, offsets = self.keys, self.data, self.offsets
        return records([keys[i] for i in indices], [data[i] for i in indices], [offsets[i] for i in indices])

    def split(self, count: int) -> tuple["Records", "Records"]:
        """Part the first `count` records from the rest."""
        return (
            records(self.keys[:count], self.data[:count], self.offsets[:count]),
            records(self.keys[count:], self.data[count:], self.offsets[count:]),
        )


def key_bytes(keys: Sequence[str]) -> int:
    """Count the bytes that partition keys take in UTF-8."""
    joined = "".join(keys)
    return len(joined) if joined.isascii() else len(joined.encode())


def records(keys: list[str], data: list[bytes], offsets: Sequence[int]) -> Records:
    """Build records with their size worked out."""
    return Records(keys, data, offsets, sum(map(len, data)) + key_bytes(keys))
