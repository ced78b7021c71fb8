"""A delivery stream that reads a Kinesis stream: everything that comes arrives, once, as it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import aws_kinesis_agg.aggregator as kpl
import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.kpl import deaggregated
from sandbox.waiting import wait_until
from tests.sandbox.aws import stacks
from tests.sandbox.aws.stacks import deploy, template

ROLE = "arn:aws:iam::111122223333:role/firehose"
Names = Callable[[str], str]


class Reading:
    """A stream, and a delivery stream that reads it into a bucket."""

    def __init__(self, session: boto3.Session, name: str, *, shards: int = 2) -> None:
        self.name = name
        self.kinesis: Any = session.client("kinesis")
        self.firehose: Any = session.client("firehose")
        self.s3: Any = session.client("s3")
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)

    def deliver(self, stream: str = "", **destination: Any) -> None:
        summary = self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]
        self.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={
                "KinesisStreamARN": summary["StreamARN"] + stream,
                "RoleARN": ROLE,
            },
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": f"arn:aws:s3:::{self.name}",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                **destination,
            },
        )

    def put(self, *records: bytes, key: str = "") -> None:
        self.kinesis.put_records(
            StreamName=self.name,
            Records=[{"Data": data, "PartitionKey": key or str(number)} for number, data in enumerate(records)],
        )

    def delivered(self) -> bytes:
        keys = [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]
        return b"".join(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys)

    def end(self) -> None:
        self.firehose.delete_delivery_stream(DeliveryStreamName=self.name)


@pytest.fixture
def reading(session: boto3.Session, names: Names) -> Iterator[Reading]:
    yield (made := Reading(session, names("reading")))
    if made.name in made.firehose.list_delivery_streams()["DeliveryStreamNames"]:
        made.end()


def lines(count: int, word: str = "line") -> list[bytes]:
    return [f"{word} {number:03}\n".encode() for number in range(count)]


def test_records_of_every_shard_are_delivered_from_when_it_is_made_on(reading: Reading):
    reading.put(*lines(10, "before"))
    reading.deliver()
    sent = lines(100)
    reading.put(*sent)
    assert wait_until(lambda: len(reading.delivered().splitlines()) >= 100, timeout_seconds=20)
    assert sorted(reading.delivered().splitlines(keepends=True)) == sent


def test_the_order_of_a_key_is_kept_through_a_resharding(reading: Reading):
    reading.deliver()
    sent = lines(60)
    reading.put(*sent[:20], key="one")
    reading.kinesis.update_shard_count(StreamName=reading.name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    reading.put(*sent[20:40], key="one")
    reading.kinesis.update_shard_count(StreamName=reading.name, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    reading.put(*sent[40:], key="one")
    assert wait_until(lambda: len(reading.delivered().splitlines()) >= 60, timeout_seconds=20)
    assert reading.delivered() == b"".join(sent)


def test_nothing_is_read_after_the_delivery_stream_is_gone(reading: Reading):
    reading.deliver()
    reading.put(b"a\n")
    assert wait_until(lambda: reading.delivered() == b"a\n", timeout_seconds=20)
    reading.end()
    reading.put(b"b\n")
    assert not wait_until(lambda: reading.delivered() != b"a\n", timeout_seconds=1)


def test_what_the_producer_library_packed_is_taken_apart(reading: Reading):
    reading.deliver()
    packer = kpl.RecordAggregator()
    sent = lines(50)
    for line in sent:
        packer.add_user_record("one", line)
    _, _, packed = packer.clear_and_get().get_contents()
    reading.put(packed)
    assert wait_until(lambda: len(reading.delivered().splitlines()) >= 50, timeout_seconds=20)
    assert reading.delivered() == b"".join(sent)


@pytest.mark.parametrize("data", [b"", b"plain", b"\xf3\x89\x9a\xc2", b"\xf3\x89\x9a\xc2" + b"x" * 40])
def test_what_is_no_aggregate_is_a_record(data: bytes):
    assert deaggregated(data) == [data]


def test_records_without_a_newline_get_one_where_that_is_asked_for(reading: Reading):
    newline = {"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": []}]}
    reading.deliver(ProcessingConfiguration=newline)
    reading.put(b"a", b"a")
    assert wait_until(lambda: reading.delivered() == b"a\na\n", timeout_seconds=20)


def test_nobody_else_brings_records(reading: Reading):
    reading.deliver()
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource"):
        reading.firehose.put_record(DeliveryStreamName=reading.name, Record={"Data": b"a"})


def test_its_source_is_told(reading: Reading):
    reading.deliver()
    told = reading.firehose.describe_delivery_stream(DeliveryStreamName=reading.name)["DeliveryStreamDescription"]
    source = told["Source"]["KinesisStreamSourceDescription"]
    assert told["DeliveryStreamType"] == "KinesisStreamAsSource"
    assert source["KinesisStreamARN"].endswith(f":stream/{reading.name}")
    assert source["RoleARN"] == ROLE


def test_a_stream_that_is_not_there_is_refused(reading: Reading):
    with pytest.raises(ClientError, match="there is no such stream"):
        reading.deliver(stream="-elsewhere")


def deployed(bucket: str, stream: str, interval: int = 0) -> str:
    """A stream and a delivery of it as the project's stacks make them."""
    role = {"RoleARN": ROLE}
    delivery = {
        "Type": "AWS::KinesisFirehose::DeliveryStream",
        "Properties": {
            "DeliveryStreamName": stream,
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": {"Fn::GetAtt": ["S", "Arn"]}, **role},
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": f"arn:aws:s3:::{bucket}",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": interval},
                **role,
            },
        },
    }
    return template(S=stacks.stream(stream), D=delivery)


def test_a_template_makes_one_that_reads_and_an_update_keeps_it_reading(reading: Reading, session: boto3.Session):
    name = f"{reading.name}-deployed"
    assert deploy(session, "stack", deployed(reading.name, name))["StackStatus"] == "CREATE_COMPLETE"
    reading.kinesis.put_record(StreamName=name, Data=b"a\n", PartitionKey="one")
    assert wait_until(lambda: reading.delivered() == b"a\n", timeout_seconds=20)
    assert deploy(session, "stack", deployed(reading.name, name, interval=1))["StackStatus"] == "UPDATE_COMPLETE"
    reading.kinesis.put_record(StreamName=name, Data=b"b\n", PartitionKey="one")
    assert wait_until(lambda: reading.delivered() == b"a\nb\n", timeout_seconds=20)
    reading.firehose.delete_delivery_stream(DeliveryStreamName=name)


@pytest.mark.parametrize(
    "destination",
    [
        {"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": []}]}},
        {"DynamicPartitioningConfiguration": {"Enabled": True}},
        {"S3BackupMode": "Enabled"},
    ],
    ids=str,
)
def test_what_cannot_be_done_here_is_refused(reading: Reading, destination: dict[str, Any]):
    with pytest.raises(ClientError, match="The stand-in cannot deliver with"):
        reading.deliver(**destination)
