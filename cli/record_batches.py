"""When records were written, as the headers of their batches tell it. No I/O.

A batch names the time of its first record and the latest of all, so that nothing has to be decompressed. Records of
one batch were sent together, mostly within milliseconds; in between, time is taken to pass evenly.
https://kafka.apache.org/documentation/#recordbatch
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords

HAS_DELETE_HORIZON = 0x40
"""Attribute of a batch that the log cleaner has written."""


@dataclass(frozen=True)
class Batch:
    """What of a batch has to be known."""

    base_offset: int
    last_offset: int
    first_milliseconds: int
    last_milliseconds: int
    producer_id: int = -1
    transactional: bool = False
    control: bool = False
    """Whether it holds no record but a marker, such as the end of a transaction, or nothing since compaction."""
    abort: bool = False

    def milliseconds_at(self, offset: int) -> int:
        """When the record at ``offset`` was written, since 1970."""
        width = self.last_offset - self.base_offset
        if width <= 0 or offset <= self.base_offset:
            return self.first_milliseconds
        passed = self.last_milliseconds - self.first_milliseconds
        return self.first_milliseconds + passed * min(offset - self.base_offset, width) // width


@dataclass(frozen=True)
class Found:
    """What was looked for in some batches: a record, or how far there is none."""

    milliseconds: int | None
    """None: none of these batches has a record for readers."""
    next_offset: int
    """Where to look on, if none was found."""


def first_record(batches: Iterable[Batch], offset: int, aborted: Collection[tuple[int, int]] = ()) -> Found:
    """The first record at ``offset`` or after it that a reader gets.

    Args:
        batches: in their order.
        offset: where the reader stands.
        aborted: producer and first offset of each aborted transaction in these batches, as Kafka tells them to readers
            of committed records only.
    """
    waiting = sorted(aborted, key=lambda transaction: transaction[1])
    unwanted: set[int] = set()
    next_offset = offset
    for batch in batches:
        while waiting and waiting[0][1] <= batch.last_offset:
            unwanted.add(waiting.pop(0)[0])
        if batch.control:
            if batch.abort:
                unwanted.discard(batch.producer_id)
        elif batch.last_offset >= offset and not (batch.transactional and batch.producer_id in unwanted):
            return Found(batch.milliseconds_at(offset), batch.last_offset + 1)
        next_offset = max(next_offset, batch.last_offset + 1)
    return Found(None, next_offset)


def read_batches(records: bytes | memoryview | None) -> Iterator[Batch]:
    """The complete batches of an answer to a Fetch request; the last one may have been cut off."""
    if not records:
        return
    held = MemoryRecords(records)
    while held.has_next():
        yield _batch(held.next_batch())


def _batch(read: Any) -> Batch:  # noqa: ANN401 - kafka-python has no types
    if read.magic < 2:  # noqa: PLR2004 - the format of Kafka before 0.11, whose headers know less
        return _old_batch(read)
    # By the broker's clock all records have the latest time. In a compacted batch with tombstones the first time is the
    # one from which on these may be removed (KIP-534).
    latest_only = read.timestamp_type == 1 or bool(read.attributes & HAS_DELETE_HORIZON)
    return Batch(
        base_offset=read.base_offset,
        last_offset=read.base_offset + read.last_offset_delta,
        first_milliseconds=read.max_timestamp if latest_only else read.first_timestamp,
        last_milliseconds=read.max_timestamp,
        producer_id=read.producer_id,
        transactional=read.is_transactional,
        control=read.is_control_batch or not read.records_count,
        abort=read.is_control_batch and any(getattr(record, "abort", False) for record in read),
    )


def _old_batch(read: Any) -> Batch:  # noqa: ANN401 - kafka-python has no types
    records = list(read)
    if not records:
        raise CorruptRecordError("an empty message set")
    times = [-1 if record.timestamp is None else record.timestamp for record in records]
    return Batch(records[0].offset, records[-1].offset, times[0], max(times))
