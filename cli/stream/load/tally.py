"""Counting what was read: by shard and second, and by key, exactly or in bounded memory. No I/O."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cli.stream.load.records import KeyPart
from cli.stream.load.sketch import DEPTH, WIDTH, CountMinSketch, Heaviest
from cli.stream.load_profile import SHARD_BYTES_PER_SECOND, SHARD_RECORDS_PER_SECOND, Rate

CANDIDATES_PER_KEY = 10
"""How many keys a sketch keeps in mind for each that is asked for; peaks are counted for these alone."""


class Key(NamedTuple):
    """What moves as one through every reshard: a partition key, and the hash key by which it is sent."""

    partition_key: bytes
    hash_key: int | None


class Volume(NamedTuple):
    """Bytes and records, in whatever time."""

    bytes: float = 0
    records: float = 0

    def per(self, seconds: float) -> Rate:
        """The rate, when that was the time."""
        return Rate(self.bytes / seconds, self.records / seconds) if seconds else Rate()


@dataclass
class Counted:
    """Bytes and records by the second in which they arrived."""

    seconds: dict[int, Volume] = field(default_factory=dict)
    shards: set[str] = field(default_factory=set)

    def add(self, part: KeyPart) -> None:
        """Count one part."""
        size, records = self.seconds.get(part.second, (0, 0.0))
        self.seconds[part.second] = Volume(size + part.bytes, records + part.records)
        self.shards.add(part.shard_id)

    @property
    def total(self) -> Volume:
        """Of all seconds together."""
        volumes = self.seconds.values()
        return Volume(sum(volume.bytes for volume in volumes), sum(volume.records for volume in volumes))

    @property
    def peak(self) -> Rate:
        """Of the second that used most of a shard's limit."""
        return max(
            (volume.per(1) for volume in self.seconds.values()), key=lambda rate: rate.of_a_shard, default=Rate()
        )


class HeavyKey(NamedTuple):
    """One of the heaviest keys."""

    key: Key
    total: Volume
    """Where a sketch counted, at most that."""
    peak: Rate
    """Of its heaviest second; with a sketch, of the seconds since the key came into view."""
    shards: frozenset[str]


class KeyTally(Protocol):
    """Counts keys, and knows the heaviest."""

    def add(self, part: KeyPart) -> None:
        """Count one part."""

    def heaviest(self, count: int) -> list[HeavyKey]:
        """The heaviest keys, heaviest first."""

    @property
    def distinct(self) -> int | None:
        """How many different keys there were; None where that was not counted."""

    @property
    def error(self) -> Volume | None:
        """By how much totals may be too high; None where they are exact."""


class ExactTally:
    """Every key by itself: memory grows with their number."""

    error = None

    def __init__(self) -> None:
        self._keys: defaultdict[Key, Counted] = defaultdict(Counted)

    def add(self, part: KeyPart) -> None:
        """Count one part."""
        self._keys[Key(part.partition_key, part.hash_key)].add(part)

    def heaviest(self, count: int) -> list[HeavyKey]:
        """The heaviest keys, heaviest first; equal ones by their bytes, so that answers repeat."""
        return _ordered([_heavy(key, counted, counted.total) for key, counted in self._keys.items()])[:count]

    @property
    def distinct(self) -> int:
        """How many different keys there were."""
        return len(self._keys)


class SketchTally:
    """Estimates of all keys in bounded memory, and the heaviest of them by name.

    A total is never too low, and too high by more than ``error`` with a probability of at most e^-depth (under 1%) for
    each key. One that is missing has no higher total than the lowest that is kept.
    """

    distinct = None

    def __init__(self, count: int, *, width: int = WIDTH, depth: int = DEPTH) -> None:
        self._bytes = CountMinSketch(width, depth)
        self._records = CountMinSketch(width, depth)
        self._heaviest: Heaviest[Key] = Heaviest(max(1, count * CANDIDATES_PER_KEY))
        self._seen: dict[Key, Counted] = {}
        self._totals: dict[Key, Volume] = {}

    def add(self, part: KeyPart) -> None:
        """Count one part."""
        key = Key(part.partition_key, part.hash_key)
        name = (b"" if key.hash_key is None else b"%x" % key.hash_key) + b"/" + key.partition_key
        places = self._bytes.places(name)
        total = Volume(self._bytes.add(places, part.bytes), self._records.add(places, part.records))
        share = max(total.bytes / SHARD_BYTES_PER_SECOND, total.records / SHARD_RECORDS_PER_SECOND)
        kept, driven_out = self._heaviest.offer(key, share)
        if driven_out is not None:
            del self._seen[driven_out], self._totals[driven_out]
        if kept:
            self._totals[key] = total
            self._seen.setdefault(key, Counted()).add(part)

    def heaviest(self, count: int) -> list[HeavyKey]:
        """The heaviest keys by their estimates, heaviest first."""
        return _ordered([_heavy(key, counted, self._totals[key]) for key, counted in self._seen.items()])[:count]

    @property
    def error(self) -> Volume:
        """By how much totals may be too high."""
        return Volume(self._bytes.error_bound, self._records.error_bound)


def _heavy(key: Key, counted: Counted, total: Volume) -> HeavyKey:
    return HeavyKey(key, total, counted.peak, frozenset(counted.shards))


def _ordered(keys: list[HeavyKey]) -> list[HeavyKey]:
    return sorted(
        keys, key=lambda heavy: (-heavy.total.per(1).of_a_shard, heavy.key.partition_key, heavy.key.hash_key or 0)
    )
