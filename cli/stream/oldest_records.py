"""The oldest record of each shard, which tells what a shorter retention would delete.

Kinesis says the age of a record only to those who read it: one record of each shard is read, from its beginning. That
takes one of the five GetRecords calls that a shard allows its readers a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import CONCURRENT_CALLS, Aws
from cli.aws_errors import explain
from cli.stream.live import Shard

MOST_READS = 20
"""GetRecords may answer without records and go on, where a shard has had none for a while."""


@dataclass(frozen=True)
class OldestRecord:
    """What is known of the beginning of one shard."""

    shard_id: str
    arrived: datetime | None = None
    """When its oldest record was written; None: no record is older than what was asked for."""
    unknown: str = ""
    """Why it cannot be told; empty where it can."""

    def older_than(self, limit: datetime) -> bool | None:
        """Whether it holds records of before ``limit``; None where that is not known."""
        if self.unknown:
            return None
        return self.arrived is not None and self.arrived < limit


def now() -> datetime:
    """The time that ages are reckoned from."""
    return datetime.now(UTC)


def read_oldest_records(aws: Aws, stream_arn: str, shards: Sequence[Shard], age: timedelta) -> list[OldestRecord]:
    """The oldest record of each shard, as far as it may be older than ``age``."""
    kinesis = aws.kinesis  # made here: boto3 sessions must not make clients in several threads

    def read(shard: Shard) -> OldestRecord:
        try:
            return _read(kinesis, stream_arn, shard.shard_id, age)
        except kinesis.exceptions.ResourceNotFoundException:
            return OldestRecord(shard.shard_id)  # it has expired meanwhile, with its records
        except (ClientError, BotoCoreError) as error:
            return OldestRecord(shard.shard_id, unknown=explain(error).message)

    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        return list(pool.map(read, shards))


def _read(kinesis: Any, arn: str, shard_id: str, age: timedelta) -> OldestRecord:  # noqa: ANN401 - a boto3 client
    iterator = kinesis.get_shard_iterator(StreamARN=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    for _ in range(MOST_READS):
        answer = kinesis.get_records(StreamARN=arn, ShardIterator=iterator, Limit=1)
        if answer["Records"]:
            return OldestRecord(shard_id, answer["Records"][0]["ApproximateArrivalTimestamp"].astimezone(UTC))
        iterator = answer.get("NextShardIterator")
        if iterator is None or answer["MillisBehindLatest"] <= age / timedelta(milliseconds=1):
            return OldestRecord(shard_id)
    return OldestRecord(shard_id, unknown=f"{MOST_READS} reads from its beginning found no record yet")
