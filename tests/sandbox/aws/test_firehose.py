"""Firehose as the connector and the demonstration meet it: limits, buffers, names of objects."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import firehose
from sandbox.aws.firehose_objects import PrefixError, evaluate, object_name
from sandbox.waiting import wait_until

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/firehose"
MIB = 2**20
Names = Callable[[str], str]


class Archive:
    """A delivery stream with its bucket."""

    def __init__(self, session: boto3.Session, name: str, *, seconds: int = 900, **destination: Any) -> None:
        self.name = name
        self.firehose: Any = session.client("firehose")
        self.s3: Any = session.client("s3")
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": f"arn:aws:s3:::{name}",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": seconds},
                **destination,
            },
        )

    def put(self, *data: bytes) -> Any:
        return self.firehose.put_record_batch(DeliveryStreamName=self.name, Records=[{"Data": each} for each in data])

    def names(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def objects(self) -> list[bytes]:
        return [self.s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in self.names()]


def test_records_are_collected_until_the_buffer_is_full(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"))
    answer = archive.put(b"a", b"b")
    assert answer["FailedPutCount"] == 0
    assert len({each["RecordId"] for each in answer["RequestResponses"]}) == 2
    assert archive.names() == []
    archive.put(b"c" * 999_999, b"d" * 100_000)
    assert archive.objects() == [b"ab" + b"c" * 999_999 + b"d" * 100_000]


def test_moto_itself_delivers_every_call_at_once(session: boto3.Session, names: Names):
    with firehose.mends.removed():
        archive = Archive(session, names("archive"))
        archive.put(b"a")
        archive.put(b"b")
        assert archive.objects() == [b"a", b"b"] or archive.objects() == [b"b", b"a"]


def test_the_interval_delivers_what_is_there(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"), seconds=0)
    archive.put(b"a")
    archive.firehose.put_record(DeliveryStreamName=archive.name, Record={"Data": b"b"})
    assert wait_until(lambda: b"".join(archive.objects()) == b"ab", timeout_seconds=20)


def test_names_sort_in_the_order_of_delivery(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"))
    sent = [b"%d" % number + b"." * MIB for number in range(4)]
    for record in sent:
        archive.put(*(record[start : start + 500_000] for start in range(0, len(record), 500_000)))
    assert archive.objects() == sent


def test_objects_are_called_as_firehose_calls_them(session: boto3.Session, names: Names):
    archive = Archive(
        session,
        names("archive"),
        seconds=0,
        Prefix="flights/!{timestamp:yyyy}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        CompressionFormat="GZIP",
    )
    archive.put(b"a")
    assert wait_until(lambda: bool(archive.names()), timeout_seconds=20)
    (name,) = archive.names()
    identifier = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"flights/\d{{4}}/{archive.name}-1-\d{{4}}-\d\d-\d\d-\d\d-\d\d-\d\d-{identifier}\.gz", name)
    assert gzip.decompress(archive.objects()[0]) == b"a"


def test_what_is_collected_is_delivered_before_the_delivery_stream_changes_or_goes(
    session: boto3.Session, names: Names
):
    archive = Archive(session, names("archive"), Prefix="old/")
    archive.put(b"a")
    described = archive.firehose.describe_delivery_stream(DeliveryStreamName=archive.name)["DeliveryStreamDescription"]
    archive.firehose.update_destination(
        DeliveryStreamName=archive.name,
        CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=described["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"Prefix": "new/"},
    )
    archive.put(b"b")
    archive.firehose.delete_delivery_stream(DeliveryStreamName=archive.name)
    first, second = sorted(archive.names(), reverse=True)
    assert first.startswith("old/")
    assert f"/{archive.name}-1-" in first
    assert second.startswith("new/")
    assert f"/{archive.name}-2-" in second


def test_records_wait_for_a_bucket_that_is_not_there(session: boto3.Session, names: Names, capfd):
    archive = Archive(session, names("archive"), seconds=0)
    archive.s3.delete_bucket(Bucket=archive.name)
    archive.put(b"a")
    complaint = f"deliverystream/{archive.name} cannot deliver"
    assert wait_until(lambda: complaint in capfd.readouterr().err, timeout_seconds=20)
    archive.s3.create_bucket(Bucket=archive.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert wait_until(lambda: archive.objects() == [b"a"], timeout_seconds=20)


@pytest.mark.parametrize(
    "data",
    [[b"a"] * 501, [b"a" * 1_024_001], [b"a" * 1_000_000] * 5],
    ids=["more than 500 records", "a record above 1,000 KiB", "a call above 4 MiB"],
)
def test_a_call_beyond_the_limits_is_refused_whole(session: boto3.Session, names: Names, data: list[bytes]):
    archive = Archive(session, names("archive"), seconds=0)
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        archive.put(*data)
    assert archive.put(*data[:1])["FailedPutCount"] == 0 if len(data) > 1 else True
    archive.firehose.delete_delivery_stream(DeliveryStreamName=archive.name)
    assert b"".join(archive.objects()) == (data[0] if len(data) > 1 else b"")


def test_a_call_at_the_limits_is_taken(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"))
    archive.put(*[b"a" * 1_024_000] * 4)
    assert len(b"".join(archive.objects())) == 4_096_000
    assert len(archive.put(*[b"a"] * 500)["RequestResponses"]) == 500


def test_a_delivery_stream_tells_the_defaults_of_what_was_not_said(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"))
    described = archive.firehose.describe_delivery_stream(DeliveryStreamName=archive.name)["DeliveryStreamDescription"]
    assert (described["DeliveryStreamStatus"], described["DeliveryStreamType"]) == ("ACTIVE", "DirectPut")
    assert described["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    destination = described["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert destination["CompressionFormat"] == "UNCOMPRESSED"
    assert destination["BufferingHints"] == {"SizeInMBs": 1, "IntervalInSeconds": 900}


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        ("", "2026/01/02/03/"),
        ("flights", "flights2026/01/02/03/"),
        ("flights/", "flights/2026/01/02/03/"),
        ("a/!{timestamp:yyyy/MM/dd}/", "a/2026/01/02/"),
        ("!{timestamp:'year='yyyy'/day='DDD}/", "year=2026/day=002/"),
        ("!{timestamp:yy-M-d-H-m-s}", "26-1-2-3-4-5"),
        ("!{timestamp:HH}/!{timestamp:mm''ss}/", "03/04'05/"),
        ("!{timestamp:''yyyy}", "'2026"),
    ],
)
def test_a_prefix_is_evaluated_as_firehose_does(prefix: str, evaluated: str):
    assert evaluate(prefix, WHEN) == evaluated


def test_random_strings_differ():
    drawn = {evaluate("!{firehose:random-string}/!{timestamp:yyyy}/", WHEN) for _ in range(20)}
    assert len(drawn) == 20
    assert all(re.fullmatch("[A-Za-z0-9]{11}/2026/", each) for each in drawn)


@pytest.mark.parametrize(
    "prefix",
    [
        "!{timestamp:YYYY}/",
        "!{timestamp:MMM}/",
        "!{timestamp:'open}/",
        "!{firehose:error-output-type}/",
        "!{partitionKeyFromQuery:carrier}/",
        "!{timestamp}/",
    ],
)
def test_a_prefix_that_cannot_be_evaluated_is_refused(prefix: str):
    with pytest.raises(PrefixError):
        evaluate(prefix, WHEN)


def test_ids_are_random_behind_their_number():
    first, again, last = (object_name("s", "1", WHEN, number, "") for number in (0, 0, 2**32 - 1))
    assert first != again
    assert max(first, again) < last
    assert last.startswith("s-1-2026-01-02-03-04-05-ffffffff-")
