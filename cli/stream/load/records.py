"""What each record that was read from a shard adds to the load, key by key. No I/O.

The limits of a shard count Kinesis records with their partition keys. A user record in an aggregate therefore counts
as its part of one record, and carries its part of the bytes that the aggregate adds, so that the sums are those that
Kinesis counts.

GetRecords tells the partition key of a record, not the explicit hash key that a producer may have given. Where the hash
of the key lies outside the shard, there was one, or Kinesis spreads the records by itself (on-demand, distribution
AUTO): the place of such a record within its shard is unknown, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cli.stream.live import Shard
from cli.stream.load.aggregates import hash_key_of, user_records


class KeyPart(NamedTuple):
    """What one key adds to the load of a shard in one second, by one user record."""

    shard_id: str
    second: int
    """In which it arrived, Unix time."""
    partition_key: bytes
    hash_key: int | None
    """None where it is unknown."""
    bytes: int
    records: float
    """Of the records that Kinesis counts: 1, or less in an aggregate."""


def key_parts(shard: Shard, second: int, partition_key: str, data: bytes) -> Iterator[KeyPart]:
    """What a record adds, one part for each user record in it."""
    outer = partition_key.encode()
    total = len(data) + len(outer)
    packed = user_records(data)
    if not packed:
        yield KeyPart(shard.shard_id, second, outer, _within(shard, hash_key_of(outer)), total, 1.0)
        return
    over, rest = divmod(total - sum(record.data_bytes for record in packed), len(packed))
    # A producer that packs by shard only packs what belongs there. One that does not sends all by the outer key.
    unpredicted = any(_within(shard, record.hash_key) is None for record in packed)
    sent_by = _within(shard, hash_key_of(outer)) if unpredicted else None
    for place, record in enumerate(packed):
        size = record.data_bytes + over + (place < rest)
        hash_key = sent_by if unpredicted else record.hash_key
        yield KeyPart(shard.shard_id, second, record.partition_key, hash_key, size, 1 / len(packed))


def _within(shard: Shard, hash_key: int) -> int | None:
    return hash_key if shard.start <= hash_key <= shard.end else None
