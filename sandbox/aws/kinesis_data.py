"""The four calls that carry records, straight on the shards' logs.

moto parses such a call by its service model, copies every record several times and answers through a
serializer: 19 calls of 500 records a second. These functions take the decoded request (data as bytes)
and return the answer; `kinesis_wire` decides which encoding it came in.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core.exceptions import JsonRESTError
from moto.kinesis.exceptions import (
    InvalidArgumentError,
    RecordSizeExceedsLimit,
    ResourceNotFoundError,
    TooManyRecords,
    TotalRecordsSizeExceedsLimit,
)

from sandbox.aws.kinesis_settings import BY_KEY
from sandbox.aws.shard import MAX_READ_RECORDS, Shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.kinesis.models import KinesisBackend

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_PUT_RECORDS = 500
MAX_PUT_BYTES = 10 * 1024 * 1024

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
ITERATOR_LIFE_SECONDS = 300

Request = dict[str, Any]
Answer = dict[str, Any]


class Iterator(NamedTuple):
    """What a shard iterator says: the stream, the shard, the place in its log, and when it was given."""

    stream: str
    shard: str
    position: int
    given: float

    def encode(self) -> str:
        """The opaque text that clients hold."""
        return urlsafe_b64encode(":".join(map(str, self)).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> Iterator:
        """Read such a text.

        Raises:
            InvalidArgumentError: It is none of ours.
            JsonRESTError: ExpiredIteratorException after five minutes.
        """
        try:
            stream, shard, position, given = urlsafe_b64decode(text).decode().split(":")
            iterator = cls(stream, shard, int(position), float(given))
        except ValueError:
            problem = "Invalid ShardIterator."
            raise InvalidArgumentError(problem) from None
        if time.time() - iterator.given > ITERATOR_LIFE_SECONDS:
            problem = f"Iterator expired. The iterator was created at time {iterator.given:.0f} and lives 300 seconds."
            raise JsonRESTError("ExpiredIteratorException", problem)
        return iterator


def put_records(backend: KinesisBackend, request: Request) -> Answer:
    """PutRecords."""
    stream: Any = _stream(backend, request)
    records = request["Records"]
    if len(records) > MAX_PUT_RECORDS:
        raise TooManyRecords
    limit = stream.max_record_size_kib * 1024
    total = 0
    for index, record in enumerate(records):
        size = len(record["Data"]) + len(record["PartitionKey"].encode())
        if size > limit:
            raise RecordSizeExceedsLimit(position=index + 1)
        total += size
    if total > MAX_PUT_BYTES:
        raise TotalRecordsSizeExceedsLimit
    stored = []
    with stream.lock:
        shards = [_shard_for(stream, record) for record in records]
        for shard, record in zip(shards, records, strict=True):
            number = shard.append(record["PartitionKey"], record["Data"])
            stored.append({"SequenceNumber": str(number), "ShardId": shard.shard_id})
    return {"FailedRecordCount": 0, "Records": stored, "EncryptionType": stream.encryption_type}


def _shard_for(stream: Any, record: Request) -> Shard:
    """Return the shard of a record: that of its key, or with AUTO the next one in turn, whatever the key."""
    shard: Shard = stream.get_shard_for_key(record["PartitionKey"], record.get("ExplicitHashKey"))
    if stream.distribution == BY_KEY:
        return shard
    open_shards: list[Shard] = stream.routing[1]
    turn: int = next(stream.turns)
    return open_shards[turn % len(open_shards)]


def put_record(backend: KinesisBackend, request: Request) -> Answer:
    """PutRecord: a batch of one."""
    answer = put_records(backend, {**request, "Records": [request]})
    return {**answer["Records"][0], "EncryptionType": answer["EncryptionType"]}


def get_shard_iterator(backend: KinesisBackend, request: Request) -> Answer:
    """GetShardIterator, for all five types."""
    stream = _stream(backend, request)
    shard = _shard(backend, stream, request["ShardId"])
    kind = request["ShardIteratorType"]
    if kind == "TRIM_HORIZON":
        position = 0
    elif kind == "LATEST":
        position = shard.end
    elif kind == "AT_TIMESTAMP":
        if request.get("Timestamp") is None:
            text = "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP."
            raise InvalidArgumentError(text)
        position = shard.position_at(float(request["Timestamp"]))
    elif kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        number = _sequence_number(request.get("StartingSequenceNumber"), stream.stream_name)
        position = shard.position_of(number + (kind == "AFTER_SEQUENCE_NUMBER"))
    else:
        text = f"Invalid ShardIteratorType: {kind}"
        raise InvalidArgumentError(text)
    return {"ShardIterator": Iterator(stream.stream_name, shard.shard_id, position, time.time()).encode()}


def get_records(backend: KinesisBackend, request: Request) -> Answer:
    """GetRecords; the end of a closed shard carries its children instead of a next iterator."""
    iterator = Iterator.decode(request["ShardIterator"])
    stream = _stream(backend, {"StreamName": iterator.stream})
    shard = _shard(backend, stream, iterator.shard)
    limit = request.get("Limit") or MAX_READ_RECORDS
    if not 1 <= limit <= MAX_READ_RECORDS:
        text = f"Limit must be between 1 and {MAX_READ_RECORDS}, not {limit}"
        raise InvalidArgumentError(text)
    # Records that outlived the retention are gone even for an iterator that points at them.
    horizon = shard.position_at(time.time() - stream.retention_period_hours * 3600)
    position = max(iterator.position, horizon)
    records = shard.read(position, limit)
    position += len(records)
    answer: Answer = {
        "Records": [
            {
                "SequenceNumber": str(record.sequence_number),
                "ApproximateArrivalTimestamp": record.arrived,
                "Data": record.data,
                "PartitionKey": record.partition_key,
                "EncryptionType": stream.encryption_type,
            }
            for record in records
        ],
        "MillisBehindLatest": shard.behind(position),
    }
    if shard.is_open or position < shard.end:
        following = Iterator(iterator.stream, iterator.shard, position, time.time())
        answer["NextShardIterator"] = following.encode()
    else:
        answer["ChildShards"] = _children(stream, shard)
    return answer


def _children(stream: Any, shard: Shard) -> list[dict[str, Any]]:
    return [
        {
            "ShardId": child.shard_id,
            "ParentShards": [parent for parent in (child.parent, child.adjacent_parent) if parent],
            "HashKeyRange": {
                "StartingHashKey": str(child.starting_hash),
                "EndingHashKey": str(child.ending_hash),
            },
        }
        for child in stream.shards.values()
        if shard.shard_id in (child.parent, child.adjacent_parent)
    ]


def _stream(backend: KinesisBackend, request: Request) -> Any:
    return backend.describe_stream(request.get("StreamARN"), request.get("StreamName"))


def _shard(backend: KinesisBackend, stream: Any, shard_id: str) -> Shard:
    shard: Shard | None = stream.shards.get(shard_id)
    if shard is None:
        text = f"Shard {shard_id} in stream {stream.stream_name} under account {backend.account_id} does not exist"
        raise ResourceNotFoundError(text)
    return shard


def _sequence_number(text: str | None, stream: str) -> int:
    if text is None or not text.isdecimal():
        problem = f"StartingSequenceNumber {text} is no sequence number of stream {stream}"
        raise InvalidArgumentError(problem)
    return int(text)


CALLS: dict[str, Callable[[KinesisBackend, Request], Answer]] = {
    "PutRecords": put_records,
    "PutRecord": put_record,
    "GetShardIterator": get_shard_iterator,
    "GetRecords": get_records,
}
