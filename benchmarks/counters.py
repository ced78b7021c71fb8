"""Numbers that one process writes and another reads while it runs, in a file that both map into memory."""

from __future__ import annotations

import mmap
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

_LAYOUT: Final = Struct("<8q")


class Counts(NamedTuple):
    """What a sink has seen so far."""

    calls: int = 0
    records: int = 0
    """Records that were taken, duplicates included."""
    bytes: int = 0
    """Bytes of the requests' bodies."""
    distinct: int = 0
    violations: int = 0
    """First occurrences that came after a later record of their key."""
    refused: int = 0
    """Records that were refused for the throttle."""
    first_ns: int = 0
    """When the first call came, by the monotonic clock."""
    last_ns: int = 0


class Counters:
    """The shared file. A reader may meet a half-written moment; every number in it only grows."""

    def __init__(self, file: Path, *, create: bool = False) -> None:
        if create:
            file.write_bytes(bytes(_LAYOUT.size))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _LAYOUT.size)

    def write(self, counts: Counts) -> None:
        """Publish the state of the moment."""
        _LAYOUT.pack_into(self._map, 0, *counts)

    def read(self) -> Counts:
        """The state of the moment."""
        return Counts(*_LAYOUT.unpack_from(self._map, 0))
