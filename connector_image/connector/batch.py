"""Records as columns: what was read, and what is sent.

A record is never an object of its own. Lists of keys, values and offsets cost a fraction of a list
of objects, and the common operations on them run inside the interpreter's C loops.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple, Protocol

# What a record costs beside its bytes: the headers of its key, value and offset and three list slots.
RECORD_OVERHEAD: Final = 160

Headers = list[tuple[str, bytes | None]]


class Partition(NamedTuple):
    """A partition of a topic, written `topic:number` as Kafka's own tools do."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.number}"


class Columns(NamedTuple):
    """Which columns of a batch are wanted beside key, value and offset; each costs time for every record."""

    headers: bool = False
    timestamps: bool = False


@dataclass(slots=True)
class Batch:
    """Consecutive records of one partition as the source read them. Offsets ascend but may have holes."""

    partition: Partition
    keys: list[bytes | None]
    values: list[bytes | None]
    offsets: Sequence[int]
    headers: list[Headers | None] | None = None
    """The headers of each record; None when they were not asked for."""
    timestamps: list[tuple[int, int]] | None = None
    """Of each record the kind of its timestamp (0 none, 1 created, 2 appended) and milliseconds since the epoch."""
    began: int = -1
    """The timestamp of the first record in milliseconds since the epoch, -1 for none."""
    undecodable: Sequence[int] = ()
    """Indices of records whose headers were asked for and cannot be decoded; those stand as None."""

    def __len__(self) -> int:
        return len(self.keys)


class Kept(Protocol):
    """Data that lies in something larger, from which it can be taken again."""

    def all(self) -> list[bytes]:
        """Copy the data of each record."""

    def some(self, indices: Sequence[int]) -> list[bytes]:
        """Copy the data of the records at `indices`, which ascend and are few."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is kept, but for some of it."""

    kept: Kept
    gone: frozenset[int]

    def all(self) -> list[bytes]:
        return [data for index, data in enumerate(self.kept.all()) if index not in self.gone]

    def some(self, indices: Sequence[int]) -> list[bytes]:
        everything = self.all()
        return [everything[index] for index in indices]


@dataclass(slots=True)
class Records:
    """Records as the target takes them.

    `keys` are partition keys in UTF-8, which decide order as well; `size` is the bytes of keys and data.
    """

    keys: list[bytes]
    _data: list[bytes] | Kept
    offsets: Sequence[int]
    size: int
    hash_keys: list[str] | None = None
    """Explicit hash keys in decimal digits, where each record has its own."""

    @property
    def data(self) -> list[bytes]:
        """What is sent of each record; held from now on, if it was let go."""
        if not isinstance(self._data, list):
            self._data = self._data.all()
        return self._data

    def hold(self) -> None:
        """Hold the data again."""
        _ = self.data

    def let_go(self, kept: Kept) -> None:
        """Hold the data no more, which lies elsewhere as well: few are asked for theirs once they have left.

        What is given back at once is still in the processor's cache when the next batch needs memory.
        """
        self._data = kept

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def footprint(self) -> int:
        """Memory they take, in bytes. It adds up: parts cost together what the whole did."""
        return self.size + RECORD_OVERHEAD * len(self.keys)

    def select(self, indices: Sequence[int]) -> "Records":
        """Copy the records at `indices`, in that order."""
        keys, data, offsets, hash_keys = self.keys, self.data, self.offsets, self.hash_keys
        return records(
            [keys[i] for i in indices],
            [data[i] for i in indices],
            [offsets[i] for i in indices],
            [hash_keys[i] for i in indices] if hash_keys is not None else None,
        )

    def remove(self, indices: Sequence[int]) -> None:
        """Take out the records at `indices`, which ascend; cheap when they are few."""
        keys, data = self.keys, self.data
        for index in reversed(indices):
            self.size -= len(keys[index]) + len(data[index])
            del data[index]
        self._remove_columns(indices)

    def _remove_columns(self, indices: Sequence[int]) -> None:
        """Remove keys, hash keys and offsets."""
        keys, hash_keys, offsets = self.keys, self.hash_keys, list(self.offsets)
        for index in reversed(indices):
            del keys[index], offsets[index]
            if hash_keys is not None:
                del hash_keys[index]
        self.offsets = offsets

    def take_out(self, indices: Sequence[int]) -> "Records":
        """Remove the records at `indices`, which ascend and are few, and return them."""
        kept = self._data
        if isinstance(kept, list):
            taken = self.select(indices)
            self.remove(indices)
            return taken
        keys, hash_keys, offsets = self.keys, self.hash_keys, self.offsets
        taken = records(
            [keys[i] for i in indices],
            kept.some(indices),
            [offsets[i] for i in indices],
            [hash_keys[i] for i in indices] if hash_keys is not None else None,
        )
        # The others are most likely never asked for theirs.
        self._remove_columns(indices)
        self.size -= taken.size
        self._data = _Rest(kept, frozenset(indices))
        return taken

    def split(self, count: int) -> tuple["Records", "Records"]:
        """Part the first `count` records from the rest."""
        hash_keys = self.hash_keys
        return (
            records(
                self.keys[:count], self.data[:count], self.offsets[:count], hash_keys[:count] if hash_keys else None
            ),
            records(
                self.keys[count:], self.data[count:], self.offsets[count:], hash_keys[count:] if hash_keys else None
            ),
        )


def records(
    keys: list[bytes], data: list[bytes], offsets: Sequence[int], hash_keys: list[str] | None = None
) -> Records:
    """Build records with their size worked out."""
    return Records(keys, data, offsets, sum(map(len, data)) + sum(map(len, keys)), hash_keys)


def joined(contents: list[Records]) -> Records:
    """Put records one after the other; either all of them have hash keys or none."""
    if len(contents) == 1:
        return contents[0]
    hash_keys = [key for each in contents for key in each.hash_keys or ()]
    return Records(
        list(chain.from_iterable([each.keys for each in contents])),
        list(chain.from_iterable([each.data for each in contents])),
        list(chain.from_iterable([each.offsets for each in contents])),
        sum([each.size for each in contents]),
        hash_keys if contents[0].hash_keys is not None else None,
    )
