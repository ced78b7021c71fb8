"""One shard's records: an append-only log that is written and read in constant time.

moto keeps a shard's records in an ordered dictionary and finds its end by listing all keys, so every
put costs as much as all puts before it, and a read from the middle walks from the start. Here a
record's place follows from its sequence number. The log is kept in columns, since a demonstration
leaves a million records behind: an object for each would take as much memory again as their data.

moto also moves the records of a shard that was split or merged into its children and leaves the
parent empty. In Kinesis they stay where they were written until they expire, the parent ends
(its last GetRecords answer names the children and carries no next iterator), and only new records
reach the children:
https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
"""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_left
from typing import Any, NamedTuple

from moto.kinesis import models

MOTO_SHARD = models.Shard

# GetRecords answers at most this much: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
MAX_READ_RECORDS = 10_000
MAX_READ_BYTES = 10 * 1024 * 1024

# Kinesis' own sequence numbers have 56 digits and begin with 49 today, so anything that stores one
# in 64 bits or sorts them as text fails here as it would there.
_FIRST_SEQUENCE = 49 * 10**54
_PER_MILLISECOND = 10**36
_PER_SHARD = 10**24


class Record(NamedTuple):
    """A record as it is read: its bytes as the producer gave them, and when it arrived (Unix seconds)."""

    sequence_number: int
    arrived: float
    partition_key: str
    data: bytes


class Shard(MOTO_SHARD):
    """A shard with a log for its records; every other attribute is moto's."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        del self.records
        self._arrived = array("d")
        self._partition_keys: list[str] = []
        self._data: list[bytes] = []
        self._lock = threading.Lock()
        # Later shards begin above everything written before, as a child must above its parents.
        self.start = _FIRST_SEQUENCE + time.time_ns() // 1_000_000 * _PER_MILLISECOND + self._shard_id * _PER_SHARD

    def append(self, partition_key: str, data: bytes) -> int:
        """Store a record and return its sequence number, one above the last one's."""
        with self._lock:
            self._arrived.append(time.time())
            self._partition_keys.append(partition_key)
            # Last, since readers take no lock: a record is there when its data is.
            self._data.append(data)
            return self.last_sequence_number

    @property
    def opened(self) -> float:
        """When the shard opened (Unix seconds)."""
        return (self.start - _FIRST_SEQUENCE) // _PER_MILLISECOND / 1000

    @property
    def end(self) -> int:
        """The place after the newest record, which is the number of records."""
        return len(self._data)

    @property
    def last_sequence_number(self) -> int:
        """The sequence number of the newest record, or the shard's own first one while it is empty."""
        return self.start + self.end

    def position_of(self, sequence_number: int) -> int:
        """The place of a record in the log; numbers outside it give the nearest place within."""
        return min(max(sequence_number - self.start - 1, 0), self.end)

    def position_at(self, timestamp: float) -> int:
        """The place of the first record that arrived at or after `timestamp` (Unix seconds)."""
        return bisect_left(self._arrived, timestamp, hi=self.end)

    def read(self, position: int, limit: int) -> list[Record]:
        """The records from `position` on, at most `limit` of them and at most what one call may carry."""
        records: list[Record] = []
        size = 0
        for place in range(position, min(position + min(limit, MAX_READ_RECORDS), self.end)):
            data, partition_key = self._data[place], self._partition_keys[place]
            size += len(data) + len(partition_key)
            if size > MAX_READ_BYTES and records:
                break
            records.append(Record(self.start + 1 + place, self._arrived[place], partition_key, data))
        return records

    def behind(self, position: int) -> int:
        """How many milliseconds a reader that stands at `position` is behind the tip."""
        if position >= self.end:
            return 0
        return max(0, int((time.time() - self._arrived[position]) * 1000))

    def get_min_sequence_number(self) -> int:
        """Moto's name for the number that DescribeStream and ListShards show as the start."""
        return self.start

    def get_max_sequence_number(self) -> int:
        """Moto's name for the number that they show as the end of a closed shard."""
        return self.last_sequence_number
