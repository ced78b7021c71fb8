"""What the calls mean: counts their records and finds the answer."""

from __future__ import annotations

import hashlib
import json
import re
import time
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import cbor2

from benchmarks.counters import Counters, Counts
from benchmarks.records import MARK, Heads, found_in, found_in_base64
from benchmarks.stub.answers import PutRecordBatchAnswers, PutRecordsAnswers, shard_id
from benchmarks.stub.ledger import Ledger

_CBOR: Final = b"application/x-amz-cbor-1.1"
_JSON: Final = b"application/x-amz-json-1.1"
_RECORDS_CBOR: Final = b"gRecords"
_DATA_JSON: Final = re.compile(rb'"Data": ?"([^"]*)"')
_HASH_KEYS: Final = 1 << 128
_SMALL: Final = 24  # CBOR: counts below it stand in the first byte
_ACCOUNT: Final = "000000000000"


class Request(NamedTuple):
    """One request in the buffer it was read into; the body is `buffer[start:stop]`."""

    target: bytes
    content_type: bytes
    buffer: bytearray
    start: int
    stop: int


class Answer(NamedTuple):
    """Status, content type and body."""

    status: int
    content_type: bytes
    body: bytes


class Service:
    """Kinesis and Firehose, as much as writers call."""

    def __init__(self, counters: Counters, shards: int, ledger: Ledger | None, *, aggregated: bool) -> None:
        self._counters = counters
        self._shards = shards
        self._ledger = ledger
        self._aggregated = aggregated
        self._calls = self._records = self._bytes = self._first = 0
        self._put_records = {
            _CBOR: PutRecordsAnswers(shards, cbor=True),
            _JSON: PutRecordsAnswers(shards, cbor=False),
        }
        self._put_record_batch = PutRecordBatchAnswers()
        self._operations: dict[bytes, Callable[[Request], Answer]] = {
            b"Kinesis_20131202.PutRecords": self._take_records,
            b"Kinesis_20131202.PutRecord": self._take_record,
            b"Kinesis_20131202.DescribeStreamSummary": self._describe_stream_summary,
            b"Kinesis_20131202.DescribeStream": self._describe_stream,
            b"Kinesis_20131202.ListShards": self._list_shards,
            b"Firehose_20150804.PutRecordBatch": self._take_batch,
            b"Firehose_20150804.DescribeDeliveryStream": self._describe_delivery_stream,
        }

    def answer(self, request: Request) -> Answer:
        """Serve one request."""
        operation = self._operations.get(request.target)
        if operation is None:
            problem = {"__type": "UnknownOperationException", "message": request.target.decode("latin-1")}
            return Answer(400, _JSON, json.dumps(problem).encode())
        return operation(request)

    def _take_records(self, request: Request) -> Answer:
        answers = self._put_records[request.content_type]
        cbor = request.content_type == _CBOR
        if self._aggregated:
            return self._take_aggregates(request, answers)
        if self._ledger is None:
            count = _count_cbor(request) if cbor else _count(request, b'"PartitionKey"')
            self._note(request, count)
            return Answer(200, request.content_type, answers.all_taken(count, self._calls))
        heads = _heads(request)
        refused = self._ledger.take(heads)
        self._note(request, len(heads))
        if refused is None:
            return Answer(200, request.content_type, answers.all_taken(len(heads), self._calls))
        return Answer(200, request.content_type, answers.some_refused(refused, self._calls))

    def _take_aggregates(self, request: Request, answers: PutRecordsAnswers) -> Answer:
        content = _content(request)
        if request.content_type == _JSON:
            data = [a2b_base64(record["Data"]) for record in content["Records"]]
        else:
            data = [record["Data"] for record in content["Records"]]
        if self._ledger is None:
            count = sum([each.count(MARK) for each in data])
        else:
            heads = found_in(b"".join(data))
            self._ledger.take(heads)
            count = len(heads)
        self._note(request, count)
        shards = [self._shard_of(record) for record in content["Records"]]
        return Answer(200, request.content_type, answers.placed(shards, self._calls))

    def _take_record(self, request: Request) -> Answer:
        cbor = request.content_type == _CBOR
        heads = _heads(request)
        refused = self._ledger.take(heads) if self._ledger else None
        self._note(request, 1)
        if refused is not None:
            problem = {"__type": "ProvisionedThroughputExceededException", "message": "Rate exceeded"}
            return Answer(400, request.content_type, cbor2.dumps(problem) if cbor else json.dumps(problem).encode())
        entry = {"SequenceNumber": f"4965{self._calls:052d}", "ShardId": shard_id(0)}
        return Answer(200, request.content_type, cbor2.dumps(entry) if cbor else json.dumps(entry).encode())

    def _take_batch(self, request: Request) -> Answer:
        data = _DATA_JSON.findall(request.buffer, request.start, request.stop)
        # Each is decoded for itself: the padding of one would end the next.
        decoded = b"".join([a2b_base64(each) for each in data])
        if self._ledger is None:
            count = decoded.count(MARK)
        else:
            heads = found_in(decoded)
            self._ledger.take(heads)
            count = len(heads)
        self._note(request, count)
        return Answer(200, _JSON, self._put_record_batch.all_taken(len(data), self._calls))

    def _note(self, request: Request, count: int) -> None:
        now = time.monotonic_ns()
        self._first = self._first or now
        self._calls += 1
        self._bytes += request.stop - request.start
        ledger = self._ledger
        if ledger is None:
            self._records += count
            counts = Counts(self._calls, self._records, self._bytes, 0, 0, 0, self._first, now)
        else:
            counts = Counts(
                self._calls, ledger.records, self._bytes, ledger.distinct, ledger.violations, ledger.refused,
                self._first, now,
            )  # fmt: skip
        self._counters.write(counts)

    def _shard_of(self, record: dict[str, Any]) -> int:
        explicit = record.get("ExplicitHashKey")
        digest = hashlib.md5(record["PartitionKey"].encode(), usedforsecurity=False)
        hash_key = int(explicit) if explicit else int.from_bytes(digest.digest(), "big")
        # The ranges are equal and the last one takes the remainder, as in `_ranges`.
        return min(hash_key // (_HASH_KEYS // self._shards), self._shards - 1)

    def _ranges(self) -> list[dict[str, Any]]:
        width = _HASH_KEYS // self._shards
        return [
            {
                "ShardId": shard_id(number),
                "HashKeyRange": {
                    "StartingHashKey": str(number * width),
                    "EndingHashKey": str((number + 1) * width - 1 if number < self._shards - 1 else _HASH_KEYS - 1),
                },
                "SequenceNumberRange": {"StartingSequenceNumber": f"4965{number:052d}"},
            }
            for number in range(self._shards)
        ]

    def _describe_stream_summary(self, request: Request) -> Answer:
        return _answer(
            request,
            {"StreamDescriptionSummary": {**_stream(request), "OpenShardCount": self._shards, "ConsumerCount": 0}},
        )

    def _describe_stream(self, request: Request) -> Answer:
        shards = self._ranges()[:100]
        return _answer(request, {"StreamDescription": {**_stream(request), "Shards": shards, "HasMoreShards": False}})

    def _list_shards(self, request: Request) -> Answer:
        content = _content(request)
        first = int(content.get("NextToken") or 0)
        last = first + int(content.get("MaxResults") or 1000)
        more = {"NextToken": str(last)} if last < self._shards else {}
        return _answer(request, {"Shards": self._ranges()[first:last], **more})

    def _describe_delivery_stream(self, request: Request) -> Answer:
        name = _content(request)["DeliveryStreamName"]
        arn = f"arn:aws:firehose:eu-west-1:{_ACCOUNT}:deliverystream/{name}"
        destination = {
            "DestinationId": "destinationId-000000000001",
            "ExtendedS3DestinationDescription": {
                "RoleARN": f"arn:aws:iam::{_ACCOUNT}:role/bench",
                "BucketARN": "arn:aws:s3:::bench",
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
                "CompressionFormat": "UNCOMPRESSED",
                "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
            },
        }
        description = {
            "DeliveryStreamName": name,
            "DeliveryStreamARN": arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "CreateTimestamp": 1_700_000_000,
            "Destinations": [destination],
            "HasMoreDestinations": False,
        }
        return _answer(request, {"DeliveryStreamDescription": description})


def _stream(request: Request) -> dict[str, Any]:
    content = _content(request)
    name = content.get("StreamName") or content["StreamARN"].rpartition("/")[2]
    return {
        "StreamName": name,
        "StreamARN": f"arn:aws:kinesis:eu-west-1:{_ACCOUNT}:stream/{name}",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": 1_700_000_000,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
        "MaxRecordSizeInKiB": 1024,
    }


def _answer(request: Request, content: dict[str, Any]) -> Answer:
    body = cbor2.dumps(content) if request.content_type == _CBOR else json.dumps(content).encode()
    return Answer(200, request.content_type, body)


def _content(request: Request) -> dict[str, Any]:
    body = bytes(request.buffer[request.start : request.stop])
    content: dict[str, Any] = cbor2.loads(body) if request.content_type == _CBOR else json.loads(body)
    return content


def _heads(request: Request) -> Heads:
    find = found_in if request.content_type == _CBOR else found_in_base64
    return find(request.buffer, request.start, request.stop)


def _count(request: Request, what: bytes) -> int:
    return request.buffer.count(what, request.start, request.stop)


def _count_cbor(request: Request) -> int:
    """Read the count from the head of the array of records; what a writer claims is checked by `--verify`.

    https://www.rfc-editor.org/rfc/rfc8949#section-3 - major type 4 is an array.
    """
    buffer = request.buffer
    place = buffer.find(_RECORDS_CBOR, request.start, request.stop) + len(_RECORDS_CBOR)
    kind, argument = buffer[place] >> 5, buffer[place] & 31
    if kind == 4 and argument < _SMALL:
        return argument
    if kind == 4 and argument in {24, 25}:
        return int.from_bytes(buffer[place + 1 : place + (2 if argument == 24 else 3)], "big")
    # Of indefinite length, as Java writes it.
    return _count(request, b"\x6cPartitionKey")
