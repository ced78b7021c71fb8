"""From what Kafka holds to what the target takes, and what becomes of records that it cannot take."""

from dataclasses import dataclass
from typing import Literal

from connector.batch import Batch, Records, records
from connector.errors import Undeliverable
from connector.keys import partition_keys
from connector.units import format_size

Tombstones = Literal["stop", "empty", "drop"]
# UTF-8 takes at most four bytes for each character of a partition key.
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Mapped:
    """A batch as the target takes it.

    `records` are in order; `dropped` are offsets that need no sending; `fatal`, if any, is the record
    right after them at which the partition must stop.
    """

    records: Records
    dropped: list[int]
    fatal: Undeliverable | None = None


class Mapper:
    """Maps batches under one route's rules. `record_limit` is in bytes, the partition key included."""

    def __init__(self, record_limit: int, tombstones: Tombstones) -> None:
        self._record_limit = record_limit
        self._tombstones = tombstones

    def map(self, batch: Batch) -> Mapped:
        """Map a batch; the usual one, with values of moderate size, in a few passes of C loops."""
        keys = partition_keys(batch.keys, batch.partition, batch.offsets)
        if None in batch.values:
            return self._map_one_by_one(batch, keys)
        data: list[bytes] = batch.values  # type: ignore[assignment]  # no None among them, just checked
        longest_key = max(map(len, keys), default=0) * _BYTES_PER_CHARACTER
        if max(map(len, data), default=0) + longest_key > self._record_limit:
            return self._map_one_by_one(batch, keys)
        return Mapped(records(keys, data, batch.offsets), [])

    def _map_one_by_one(self, batch: Batch, keys: list[str]) -> Mapped:
        kept: list[int] = []
        data: list[bytes] = []
        dropped: list[int] = []
        fatal = None
        for index, value in enumerate(batch.values):
            if value is None and self._tombstones == "drop":
                dropped.append(batch.offsets[index])
                continue
            fatal = self._refusal(batch, index, keys[index])
            if fatal is not None:
                break
            kept.append(index)
            data.append(value or b"")
        return Mapped(records([keys[i] for i in kept], data, [batch.offsets[i] for i in kept]), dropped, fatal)

    def _refusal(self, batch: Batch, index: int, key: str) -> Undeliverable | None:
        value, offset = batch.values[index], batch.offsets[index]
        if value is None:
            if self._tombstones == "empty":
                return None
            return Undeliverable(
                batch.partition,
                offset,
                "the record has no value (a tombstone), which Kinesis cannot hold",
                "Set tombstones: empty to send it with empty data, or tombstones: drop to leave such records out.",
            )
        size = len(value) + len(key.encode())
        if size <= self._record_limit:
            return None
        return Undeliverable(
            batch.partition,
            offset,
            f"the record has {size} bytes with its key, the limit is {self._record_limit}"
            f" ({format_size(self._record_limit)})",
            "Raise the stream's maximum record size (up to 10 MiB) and sink.limits.record with it, or move the"
            " group's offset past the record with the Kafka tools.",
        )
