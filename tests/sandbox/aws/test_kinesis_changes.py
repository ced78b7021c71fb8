"""Changes of a stream's retention and mode: one at a time, and two switches a day."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.kinesis_resharding import UPDATING_SECONDS


@pytest.fixture
def kinesis(session: boto3.Session) -> Any:
    return session.client("kinesis")


@pytest.fixture
def arn(kinesis: Any) -> str:
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    return str(kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"])


def switch(kinesis: Any, arn: str, mode: str) -> None:
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})


def test_a_stream_that_is_updating_takes_no_other_change(kinesis: Any, arn: str) -> None:
    kinesis.add_tags_to_stream(StreamARN=arn, Tags={UPDATING_SECONDS: "60"})
    kinesis.increase_stream_retention_period(StreamARN=arn, RetentionPeriodHours=48)
    summary = kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
    assert (summary["StreamStatus"], summary["RetentionPeriodHours"]) == ("UPDATING", 48)
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.decrease_stream_retention_period(StreamARN=arn, RetentionPeriodHours=24)
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        switch(kinesis, arn, "ON_DEMAND")


def test_the_third_switch_of_a_day_is_refused_and_cloudtrail_has_seen_all(
    session: boto3.Session, kinesis: Any, arn: str
) -> None:
    switch(kinesis, arn, "ON_DEMAND")
    switch(kinesis, arn, "PROVISIONED")
    with pytest.raises(ClientError, match="LimitExceededException"):
        switch(kinesis, arn, "ON_DEMAND")
    events = session.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "UpdateStreamMode"}]
    )["Events"]
    refused = ["errorCode" in json.loads(event["CloudTrailEvent"]) for event in events]
    assert (refused[0], refused[-2:]) == (True, [False, False])  # botocore asks again in between
