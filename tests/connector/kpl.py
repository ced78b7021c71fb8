"""An independent reader and writer of aggregates: awslabs' own for Python."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence

from connector.kinesis.aggregation import UserRecord

_path = list(sys.path)
from aws_kinesis_agg.aggregator import AggRecord  # noqa: E402
from aws_kinesis_agg.deaggregator import iter_deaggregate_records, messages_pb2  # noqa: E402
from google.protobuf.message import DecodeError  # noqa: E402

sys.path[:] = _path  # to find its own modules it puts their folder in front of everybody's

__all__ = ["AggregatedRecord", "DecodeError", "Record", "read", "write"]

AggregatedRecord = messages_pb2.AggregatedRecord
Record = messages_pb2.Record


def read(data: bytes) -> list[UserRecord]:
    """The records in the data of one that came from a stream."""
    record = {"Data": data, "PartitionKey": "a", "SequenceNumber": "1", "ApproximateArrivalTimestamp": 0}
    found = [each["kinesis"] for each in iter_deaggregate_records([record], data_format="Boto3")]
    assert all(each.get("aggregated") for each in found)
    return [
        UserRecord(each["partitionKey"].encode(), each["explicitHashKey"], base64.b64decode(each["data"]))
        for each in found
    ]


def write(records: Sequence[UserRecord]) -> bytes:
    """One aggregate of these records."""
    writer = AggRecord()
    for key, hash_key, data in records:
        assert writer.add_user_record(key.decode(), data, hash_key) is not False
    _, _, content = writer.get_contents()
    return bytes(content)
