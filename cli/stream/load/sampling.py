"""Reading a part of what a stream holds, to see which keys make the load.

GetRecords allows 5 calls and 2 MiB a second and shard, and all readers of a shard share that (registered consumers have
their own). A sampler that took all of it would stop them, so this one takes at most two calls and half of the bytes,
asks for little at a time (an answer of 10 MiB blocks the shard for the five seconds after it), and steps back where it
is throttled. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.aws import CONCURRENT_CALLS, Aws
from cli.stream.live import Shard, shard_of
from cli.stream.load.records import KeyPart, key_parts

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

CALLS_PER_SECOND = 2
BYTES_PER_SECOND = 1 << 20
"""At most, of one shard: less than half of its calls, half of its bytes."""

BYTES_PER_CALL = 1 << 20
FIRST_CALL_RECORDS = 200
"""Asked for before the size of the records is known."""
MOST_RECORDS_PER_CALL = 10_000

THROTTLES_IN_A_ROW = 6
"""After which a shard is left to its readers."""
LONGEST_PAUSE_SECONDS = 8.0

_THROTTLED = "ProvisionedThroughputExceededException"
_EXPIRED = "ExpiredIteratorException"


@dataclass(frozen=True)
class Window:
    """Which records are read: those that arrived in it."""

    start: datetime
    seconds: int

    @classmethod
    def ending(cls, back: timedelta, seconds: int) -> Window:
        """The window that begins so long ago; it may end in the future."""
        return cls(datetime.now(UTC) - back, seconds)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.start + timedelta(seconds=self.seconds)


class ReadRecord(NamedTuple):
    """A record as GetRecords gives it."""

    arrived: datetime
    partition_key: str
    data: bytes


@dataclass
class ShardSample:
    """How far one shard was read."""

    shard: Shard
    records: int = 0
    covered_seconds: float = 0.0
    """Of the window; all of it, unless the limit of records or the throttles ended it."""
    throttled: int = 0
    complete: bool = False


@dataclass
class _Reader:
    """Reads one shard through the window, a call at a time."""

    kinesis: KinesisClient
    arn: str
    window: Window
    limit: int
    sample: ShardSample
    due: float = 0.0
    """When the next call may be made, on the monotonic clock."""
    done: bool = False
    _iterator: str | None = None
    _last: tuple[datetime, str] | None = None
    """When the last record arrived, and its sequence number."""
    _ask: int = FIRST_CALL_RECORDS
    _throttles: int = field(default=0)

    def step(self) -> list[ReadRecord]:
        """Make one call; afterwards ``done`` tells whether it was the last, and else ``due`` when the next may be."""
        try:
            answer = self._call()
        except self.kinesis.exceptions.ClientError as error:
            self._pause(error)
            return []
        self._throttles = 0
        found = [record for record in answer["Records"] if record["ApproximateArrivalTimestamp"] < self.window.end]
        size = sum(len(record["Data"]) + len(record["PartitionKey"]) for record in found)
        if found:
            last = found[-1]
            self._last = last["ApproximateArrivalTimestamp"], last["SequenceNumber"]
            self._ask = max(1, min(MOST_RECORDS_PER_CALL, BYTES_PER_CALL * len(found) // max(1, size)))
        self.sample.records += len(found)
        self._iterator = answer.get("NextShardIterator")
        if len(found) < len(answer["Records"]) or self._iterator is None or self._at_end(answer, bool(found)):
            self._end(complete=True)
        elif self.sample.records >= self.limit:
            self._end(complete=False)
        self.due = time.monotonic() + max(1 / CALLS_PER_SECOND, size / BYTES_PER_SECOND)
        return [
            ReadRecord(record["ApproximateArrivalTimestamp"], record["PartitionKey"], record["Data"])
            for record in found
        ]

    def _call(self) -> Any:  # noqa: ANN401 - as the SDK answers
        if self._iterator is None:
            self._iterator = self._first_iterator()
        ask = min(self._ask, self.limit - self.sample.records)
        return self.kinesis.get_records(StreamARN=self.arn, ShardIterator=self._iterator, Limit=ask)

    def _first_iterator(self) -> str:
        place: Any = (
            {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self.window.start}
            if self._last is None
            else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": self._last[1]}
        )
        shard_id = self.sample.shard.shard_id
        return self.kinesis.get_shard_iterator(StreamARN=self.arn, ShardId=shard_id, **place)["ShardIterator"]

    def _at_end(self, answer: Any, found: bool) -> bool:  # noqa: ANN401, FBT001
        """Whether nothing of the window can follow; an empty page is no proof, since Kinesis gives such on the way."""
        behind = answer.get("MillisBehindLatest") or 0
        if found and behind:
            return False
        return datetime.now(UTC) - timedelta(milliseconds=behind) >= self.window.end

    def _pause(self, error: Any) -> None:  # noqa: ANN401 - the SDK makes its exceptions at run time
        code = error.response["Error"]["Code"]
        if code == _EXPIRED:
            self._iterator = None
        elif code == _THROTTLED:
            self.sample.throttled += 1
            self._throttles += 1
            if self._throttles >= THROTTLES_IN_A_ROW:
                self._end(complete=False)
        else:
            raise error
        self.due = time.monotonic() + min(LONGEST_PAUSE_SECONDS, 2.0**self._throttles / 2)

    def _end(self, *, complete: bool) -> None:
        self.done = True
        self.sample.complete = complete
        if complete:
            self.sample.covered_seconds = self.window.seconds
        elif self._last is not None:
            self.sample.covered_seconds = max(1.0, (self._last[0] - self.window.start).total_seconds())


def read_shards_since(aws: Aws, arn: str, since: datetime) -> list[Shard]:
    """The shards that may have taken records since then: those that are open, and those that closed after it."""
    request: Any = {"StreamARN": arn, "ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": since}}
    shards: list[Shard] = []
    while request:
        page = aws.kinesis.list_shards(**request)
        shards += map(shard_of, page["Shards"])
        request = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
    return shards


def sample_records(
    aws: Aws, arn: str, shards: Sequence[Shard], window: Window, limit: int, take: Callable[[Shard, KeyPart], None]
) -> list[ShardSample]:
    """Read the records of these shards that arrived in the window, and hand on what each adds.

    All shards take turns in a few threads, so that none waits for the pauses of another; ``take`` is called in this
    thread alone.

    Args:
        aws: the environment's AWS.
        arn: of the stream.
        shards: which to read.
        window: when the records arrived.
        limit: of records, for each shard.
        take: gets each part of the load, and the shard that it was read from.
    """
    readers = [_Reader(aws.kinesis, arn, window, limit, ShardSample(shard)) for shard in shards]
    due = [(reader.due, place) for place, reader in enumerate(readers)]
    running: dict[Future[list[ReadRecord]], int] = {}
    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        while due or running:
            while due and due[0][0] <= time.monotonic() and len(running) < CONCURRENT_CALLS:
                place = heapq.heappop(due)[1]
                running[pool.submit(readers[place].step)] = place
            pause = max(0.0, due[0][0] - time.monotonic()) if due and len(running) < CONCURRENT_CALLS else None
            if not running:
                time.sleep(pause or 0)
                continue
            for future in wait(running, timeout=pause, return_when=FIRST_COMPLETED).done:
                place = running.pop(future)
                reader = readers[place]
                for arrived, key, data in future.result():
                    for part in key_parts(reader.sample.shard, int(arrived.timestamp()), key, data):
                        take(reader.sample.shard, part)
                if not reader.done:
                    heapq.heappush(due, (reader.due, place))
    return [reader.sample for reader in readers]
