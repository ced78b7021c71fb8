"""Which shard takes a record: the ranges of hash keys that a stream's shards own, from the answer of ListShards.

The hash key of a record is the MD5 digest of its partition key, read as a number of 128 bits, the highest first, unless
it has an explicit one. https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#partition-key

The range of a shard never changes; resharding closes shards and opens others. So a map grows old, but what it says of
a shard that it knows stays true, unless the stream was deleted and made anew under its name.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

try:
    # OpenSSL takes longer to prepare a digest than to digest a short key.
    from _md5 import md5  # type: ignore[import-not-found]
except ImportError:  # CPython can be built without it; where OpenSSL has to be told, MD5 keeps no secret here
    md5 = partial(hashlib.md5, usedforsecurity=False)

NOWHERE: Final = -1
"""In place of the index of a shard: no open one owns the hash key."""

_WIDTH: Final = 16
_LAST: Final = b"\xff" * _WIDTH
_CACHED_KEYS: Final = 1 << 17


class UnknownShardError(LookupError):
    """The map does not know a shard that the service named: it is time to list the shards again."""


def hash_key(key: bytes) -> int:
    """Return the hash key of a partition key in UTF-8."""
    return int.from_bytes(_digest(key))


def _digest(key: bytes) -> bytes:
    digest: bytes = md5(key).digest()
    return digest


def _bytes(digits: str) -> bytes:
    return int(digits).to_bytes(_WIDTH)


class _Range(NamedTuple):
    """Hash keys from `first` to `last`, both included, as 16 bytes each: those sort as their numbers do."""

    first: bytes
    last: bytes


class _Parts(NamedTuple):
    """The key space, cut where the owner changes: where each part starts, and the index of the shard that owns it."""

    starts: list[bytes]
    owners: list[int]


class _Owners(dict[bytes | str, int]):
    """The index of the shard that owns a key; one that is not cached is taken from the older generation or looked up.

    Partition keys are bytes, explicit hash keys text.
    """

    def __init__(self, parts: _Parts) -> None:
        super().__init__()
        self._starts, self._owners = parts
        self.older: dict[bytes | str, int] = {}

    def __missing__(self, key: bytes | str) -> int:
        owner = self.older.get(key)
        if owner is None:
            place = md5(key).digest() if isinstance(key, bytes) else _bytes(key)
            owner = self._owners[bisect_right(self._starts, place) - 1]
        self[key] = owner
        return owner


class ShardMap:
    """The shards of a stream at one moment; `shards` are the entries of all pages of ListShards without a filter.

    For the keys of many records it is asked again and again, so it remembers them: `cached_keys` of those seen last at
    least, and never more than twice as many and a call, at about 100 bytes each. They are kept in two generations, the
    older of which goes as a whole: no record pays for an eviction.
    """

    def __init__(self, shards: Iterable[Mapping[str, Any]], cached_keys: int = _CACHED_KEYS) -> None:
        listed = list(shards)
        self._ranges = {shard["ShardId"]: _range(shard) for shard in listed}
        parents = {shard.get(role) for shard in listed for role in ("ParentShardId", "AdjacentParentShardId")}
        # What has children takes nothing any more, even if this page still says otherwise.
        taking = [
            shard["ShardId"]
            for shard in listed
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"] and shard["ShardId"] not in parents
        ]
        self.open: list[str] = sorted(taking, key=self._ranges.__getitem__)
        """Names of the open shards, in the order of their hash keys."""
        self._indices = {shard: index for index, shard in enumerate(self.open)}
        self._parts = _cut(self.open, [self._ranges[shard] for shard in self.open])
        self._capacity = cached_keys
        self._cache = _Owners(self._parts)

    def shards_of(self, keys: Sequence[bytes], hash_keys: Sequence[str] | None = None) -> list[int]:
        """Predict which shard takes each record: its index in `open`, or NOWHERE.

        Args:
            keys: Partition keys in UTF-8.
            hash_keys: Explicit hash keys in decimal digits, which count instead of them.
        """
        found = list(map(self._cache.__getitem__, keys if hash_keys is None else hash_keys))
        if len(self._cache) >= self._capacity:
            self._cache.older, older = {}, self._cache
            self._cache = _Owners(self._parts)
            self._cache.older = older
        return found

    def index(self, shard: str) -> int | None:
        """Return the index of a shard in `open`, None for one that is not there."""
        return self._indices.get(shard)

    def knows(self, shards: Iterable[str]) -> bool:
        """Tell whether all these shards, open or closed, were listed; an empty name is none."""
        return set(shards) <= self._ranges.keys() | {""}

    def covers(self, shard: str, hash_key: int) -> bool:
        """Tell whether a shard, open or closed, owns a hash key.

        Raises:
            UnknownShardError: the map does not know the shard.
        """
        first, last = self._range(shard)
        return first <= hash_key.to_bytes(_WIDTH) <= last

    def misplaced(self, shard: str, keys: Sequence[bytes], hash_keys: Sequence[str] | None = None) -> bool:
        """Tell whether readers drop the aggregate of these records that `shard` took, so that all must be sent again.

        They do so if and only if one hash key lies outside the shard's range. That another shard was predicted is no
        reason: the child of a merge owns all that its parents did. A record that went alone is no aggregate, and is
        never dropped.

        Raises:
            UnknownShardError: the map does not know the shard.
        """
        first, last = self._range(shard)
        if set(self.shards_of(keys, hash_keys)) == {self._indices.get(shard)}:
            return False
        places = list(map(_digest, keys)) if hash_keys is None else list(map(_bytes, hash_keys))
        return min(places) < first or max(places) > last

    def _range(self, shard: str) -> _Range:
        try:
            return self._ranges[shard]
        except KeyError:
            raise UnknownShardError(shard) from None


def _range(shard: Mapping[str, Any]) -> _Range:
    hash_keys = shard["HashKeyRange"]
    return _Range(_bytes(hash_keys["StartingHashKey"]), _bytes(hash_keys["EndingHashKey"]))


def _cut(shards: Sequence[str], ranges: Sequence[_Range]) -> _Parts:
    """Cut the key space; `ranges` are those of the open `shards`, in the order of their hash keys.

    Where they overlap while a stream is resharded, the youngest owns; a gap between them belongs NOWHERE. Shards are
    numbered as they come, in names of equal length.
    """
    youth = {shard: -place for place, shard in enumerate(sorted(shards))}
    edges = {bytes(_WIDTH)}
    for first, last in ranges:
        edges.add(first)
        if last < _LAST:
            edges.add((int.from_bytes(last) + 1).to_bytes(_WIDTH))
    parts, begun, here = _Parts([], []), 0, list[tuple[int, int]]()
    for edge in sorted(edges):
        while begun < len(ranges) and ranges[begun].first == edge:
            heappush(here, (youth[shards[begun]], begun))
            begun += 1
        while here and ranges[here[0][1]].last < edge:
            heappop(here)
        owner = here[0][1] if here else NOWHERE
        if not parts.owners or parts.owners[-1] != owner:
            parts.starts.append(edge)
            parts.owners.append(owner)
    return parts
