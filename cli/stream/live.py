"""Reading Kinesis streams as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from cli.aws import CONCURRENT_CALLS, Aws
from cli.call_rate import CallRate
from cli.errors import NotFoundError
from environments import naming

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef, StreamDescriptionSummaryTypeDef

KEY_SPACE = 2**128
"""Kinesis hashes partition keys with MD5; the shards divide these values between them."""
MANAGED_KEY = "alias/aws/kinesis"
SUMMARIES_PER_SECOND = 20
"""Of DescribeStreamSummary, in an account and region (Kinesis Developer Guide, "Quotas and limits")."""


@dataclass(frozen=True)
class LiveStream:
    """A stream that exists, from DescribeStreamSummary."""

    name: str
    arn: str
    status: str
    """ACTIVE, UPDATING, CREATING or DELETING."""
    mode: str
    """``provisioned`` or ``on-demand``, as the YAML spells it."""
    open_shards: int
    retention: timedelta
    encryption: str
    """``none``, ``managed`` or the key, as the YAML spells it."""
    max_record_size: int
    """In bytes."""
    distribution: str
    """``partition-key`` or ``auto``, as the YAML spells it."""
    consumers: int
    """Registered for enhanced fan-out; readers that share GetRecords are not known to Kinesis."""
    created: datetime | None


@dataclass(frozen=True)
class Shard:
    """One shard and its part of the key space."""

    shard_id: str
    start: int
    """First hash key, inclusive."""
    end: int
    """Last hash key, inclusive."""
    open: bool
    """Whether it still takes records; a closed one is only read, until its records have expired."""
    parents: tuple[str, ...]

    @property
    def share(self) -> float:
        """Its part of the key space, 0 to 1."""
        return (self.end - self.start + 1) / KEY_SPACE


@dataclass(frozen=True)
class Consumer:
    """A registered (enhanced fan-out) consumer."""

    name: str
    status: str
    """ACTIVE, CREATING or DELETING."""
    arn: str = ""
    created: datetime | None = None


def read_streams(aws: Aws, names: Iterable[str]) -> dict[str, LiveStream | Exception | None]:
    """Each declared stream by its short name: as it is, None where it does not exist, or why it cannot be read.

    One call a stream, a few at a time and no more a second than Kinesis allows, so that none has to be made again. A
    service that has left one call without an answer is not waited for again.
    """
    rate = CallRate(SUMMARIES_PER_SECOND, burst=CONCURRENT_CALLS)
    kinesis = aws.kinesis  # made here: boto3 sessions must not make clients in several threads
    silent: list[Exception] = []

    def read(name: str) -> LiveStream | Exception | None:
        if silent:
            return silent[0]
        physical = naming.stream_name(aws.environment, name)
        rate.wait()
        try:
            return _live(kinesis.describe_stream_summary(StreamName=physical)["StreamDescriptionSummary"])
        except kinesis.exceptions.ResourceNotFoundException:
            return None
        except (HTTPClientError, NoConnectionError) as error:
            silent.append(error)
            return error
        except Exception as error:  # noqa: BLE001 - one stream that cannot be read must not hide the others
            return error

    chosen = list(names)
    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        return dict(zip(chosen, pool.map(read, chosen), strict=True))


def read_stream(aws: Aws, name: str) -> LiveStream:
    """One declared stream by its short name.

    Raises:
        NotFoundError: it does not exist.
    """
    live = read_streams(aws, [name])[name]
    if isinstance(live, Exception):
        raise live
    if live is None:
        environment = aws.environment
        raise NotFoundError(
            f"stream {naming.stream_name(environment, name)} does not exist in account {environment.account}, "
            f"{environment.region}",
            f"deploy it: cdk deploy '{environment.name}/streams'",
        )
    return live


def read_shards(aws: Aws, arn: str, *, only_open: bool = False) -> list[Shard]:
    """All shards that Kinesis still knows (``only_open``: those that take records), by hash key.

    Page by page by hand: from the second call on the token alone names the stream, and botocore's paginator names it
    again, which Kinesis refuses (boto/botocore#2009).
    """
    request: dict[str, Any] = {"StreamARN": arn}
    if only_open:
        request["ShardFilter"] = {"Type": "AT_LATEST"}
    shards: list[Shard] = []
    while request:
        page = aws.kinesis.list_shards(**request)
        shards += map(shard_of, page["Shards"])
        request = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
    return sorted(shards, key=lambda shard: (shard.start, shard.end, shard.shard_id))


def read_consumers(aws: Aws, arn: str) -> Sequence[Consumer]:
    """The registered consumers."""
    pages = aws.kinesis.get_paginator("list_stream_consumers").paginate(StreamARN=arn)
    return [
        Consumer(
            entry["ConsumerName"], entry["ConsumerStatus"], entry["ConsumerARN"], entry["ConsumerCreationTimestamp"]
        )
        for page in pages
        for entry in page["Consumers"]
    ]


def _live(summary: StreamDescriptionSummaryTypeDef) -> LiveStream:
    mode = summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
    return LiveStream(
        name=summary["StreamName"],
        arn=summary["StreamARN"],
        status=summary["StreamStatus"],
        mode=mode.lower().replace("_", "-"),
        open_shards=summary["OpenShardCount"],
        retention=timedelta(hours=summary["RetentionPeriodHours"]),
        encryption=_encryption(summary),
        max_record_size=summary.get("MaxRecordSizeInKiB", 1024) * 1024,
        distribution="auto" if summary.get("RecordDistributionStrategy") == "AUTO" else "partition-key",
        consumers=summary.get("ConsumerCount", 0),
        created=summary.get("StreamCreationTimestamp"),
    )


def _encryption(summary: StreamDescriptionSummaryTypeDef) -> str:
    if summary.get("EncryptionType", "NONE") == "NONE":
        return "none"
    key = summary.get("KeyId", MANAGED_KEY)
    return "managed" if key.endswith(MANAGED_KEY) else key


def shard_of(shard: ShardTypeDef) -> Shard:
    """One entry of ListShards."""
    keys = shard["HashKeyRange"]
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return Shard(
        shard_id=shard["ShardId"],
        start=int(keys["StartingHashKey"]),
        end=int(keys["EndingHashKey"]),
        open="EndingSequenceNumber" not in shard["SequenceNumberRange"],
        parents=tuple(parent for parent in parents if parent),
    )
