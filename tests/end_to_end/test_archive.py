"""The archive demonstration: what lies in S3 is what was sent, and every way in which it is not is found."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.conftest import Deployment


def test_every_flight_lies_in_the_bucket_once_and_in_the_order_of_its_key(deployment: Deployment):
    (verdict,) = deployment.answer("sandbox", "run", "archive", "--records", "20000")["items"]
    assert verdict["verdict"] == "passed"
    assert verdict["sent"] == verdict["arrived"] == 20_000
    assert verdict["missing"] == verdict["unknown"] == verdict["duplicates"] == verdict["out_of_order"] == 0


def test_flights_lie_many_to_an_object_under_names_as_firehose_gives_them(deployment: Deployment):
    done = deployment.streamops("sandbox", "run", "archive", "--records", "2000")
    assert done.returncode == 0, done.stderr
    assert "read back from the bucket" in done.stdout
    firehose, s3 = deployment.state.client("firehose"), deployment.state.client("s3")
    described = firehose.describe_delivery_stream(DeliveryStreamName="local-archive")["DeliveryStreamDescription"]
    bucket = described["Destinations"][0]["ExtendedS3DestinationDescription"]["BucketARN"].rpartition(":")[2]
    names = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(re.match(r"flights/\d{4}/\d\d/\d\d/local-archive-1-", name) for name in names)
    largest = max(s3.get_object(Bucket=bucket, Key=name)["Body"].read().count(b"\n") for name in names)
    assert largest > 100


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        ("drop", "1 records are missing"),
        ("swap", "arrived after a later record of the same key"),
        ("alter", "were never sent, or were altered on the way"),
        ("repeat", "arrived more than once"),
    ],
)
def test_an_archive_that_is_broken_on_purpose_fails_with_exit_code_1(deployment: Deployment, how: str, failure: str):
    done = deployment.streamops("sandbox", "run", "archive", "--records", "4000", "--sabotage", how)
    assert done.returncode == 1
    assert failure in done.stderr
    assert "verdict: FAILED" in done.stdout


def test_a_connector_killed_in_mid_run_loses_nothing_of_the_archive(deployment: Deployment):
    (verdict,) = deployment.answer("sandbox", "run", "archive", "--records", "60000", "--kill")["items"]
    assert verdict["verdict"] == "passed"
    assert verdict["missing"] == verdict["unknown"] == verdict["out_of_order"] == 0
    assert verdict["duplicates"] > 0
