"""Breaking a demonstration on purpose: what the verdict must find.

The records are changed on their way to the topic while the verdict still expects the true ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from sandbox.errors import SandboxError
from sandbox.records import Record


class Sabotage(StrEnum):
    """The ways to break a demonstration."""

    DROP = "drop"
    """One record is never sent."""
    SWAP = "swap"
    """Two records of one key change places."""
    ALTER = "alter"
    """One byte of one record is another."""
    REPEAT = "repeat"
    """One record is sent twice."""


def sabotaged(records: Sequence[Record], how: Sabotage) -> list[Record]:
    """``records`` with one fault in their middle.

    Raises:
        SandboxError: no key has two records, so none can change places.
    """
    return _WAYS[how](list(records))


def _drop(records: list[Record]) -> list[Record]:
    del records[len(records) // 2]
    return records


def _swap(records: list[Record]) -> list[Record]:
    last_of_key: dict[bytes, int] = {}
    for position in range(len(records) // 4, len(records)):
        earlier = last_of_key.setdefault(records[position].key, position)
        if earlier != position:
            records[earlier], records[position] = records[position], records[earlier]
            return records
    raise SandboxError(f"none of the {len(records)} records shares its key with another; take more records")


def _alter(records: list[Record]) -> list[Record]:
    key, value = records[len(records) // 2]
    records[len(records) // 2] = Record(key, value[:-1] + b"~")
    return records


def _repeat(records: list[Record]) -> list[Record]:
    records.insert(len(records) // 2, records[len(records) // 2])
    return records


_WAYS: dict[Sabotage, Callable[[list[Record]], list[Record]]] = {
    Sabotage.DROP: _drop,
    Sabotage.SWAP: _swap,
    Sabotage.ALTER: _alter,
    Sabotage.REPEAT: _repeat,
}
