"""What Kinesis refuses of a reshard, and what it tells about one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.kinesis import models

from sandbox.aws import kinesis_resharding

NAME = "numbers"
HALF = str(2**127)


@pytest.fixture
def kinesis(session: boto3.Session) -> Any:
    client = session.client("kinesis")
    client.create_stream(StreamName=NAME, ShardCount=4)
    return client


def update(kinesis: Any, count: int) -> Any:
    return kinesis.update_shard_count(StreamName=NAME, TargetShardCount=count, ScalingType="UNIFORM_SCALING")


def status(kinesis: Any) -> str:
    summary = kinesis.describe_stream_summary(StreamName=NAME)["StreamDescriptionSummary"]
    return str(summary["StreamStatus"])


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    return str(error.value.response["Error"]["Code"])


def test_a_stream_is_updating_for_as_long_as_its_tag_says(kinesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("sandbox.aws.kinesis_resharding.time.monotonic", lambda: now[0])
    kinesis.add_tags_to_stream(StreamName=NAME, Tags={kinesis_resharding.UPDATING_SECONDS: "30"})
    update(kinesis, 8)
    assert status(kinesis) == "UPDATING"
    shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=NAME)["Shards"]][-2:]
    busy = "ResourceInUseException"
    assert refused(update, kinesis, 4) == busy
    assert refused(kinesis.split_shard, StreamName=NAME, ShardToSplit=shards[0], NewStartingHashKey=HALF) == busy
    assert (
        refused(kinesis.merge_shards, StreamName=NAME, ShardToMerge=shards[0], AdjacentShardToMerge=shards[1]) == busy
    )
    now[0] += 30
    assert status(kinesis) == "ACTIVE"
    update(kinesis, 4)


def test_without_the_tag_a_change_takes_no_time(kinesis: Any) -> None:
    update(kinesis, 8)
    assert status(kinesis) == "ACTIVE"


@pytest.mark.parametrize(("count", "fits"), [(8, True), (9, False), (2, True), (1, False)])
def test_one_update_at_most_doubles_and_at_least_halves_the_open_shards(kinesis: Any, count: int, fits: bool) -> None:
    if fits:
        update(kinesis, count)
    else:
        assert refused(update, kinesis, count) == "LimitExceededException"


def test_the_eleventh_update_of_a_day_is_refused(kinesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        update(kinesis, 5 + number % 2)
    assert refused(update, kinesis, 7) == "LimitExceededException"
    later = time.time() + kinesis_resharding.DAY_SECONDS + 1
    monkeypatch.setattr("sandbox.aws.kinesis_resharding.time.time", lambda: later)
    update(kinesis, 7)


def test_the_open_shards_of_an_account_have_a_limit(kinesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinesis_resharding.SHARD_LIMITS, "eu-west-1", 5)
    update(kinesis, 5)
    assert kinesis.describe_limits()["OpenShardCount"] == kinesis.describe_limits()["ShardLimit"] == 5
    first = kinesis.list_shards(StreamName=NAME, ShardFilter={"Type": "AT_LATEST"})["Shards"][0]
    assert (
        refused(kinesis.split_shard, StreamName=NAME, ShardToSplit=first["ShardId"], NewStartingHashKey="7")
        == "LimitExceededException"
    )
    assert refused(update, kinesis, 6) == "LimitExceededException"


def test_an_on_demand_stream_is_not_resharded(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    first = kinesis.list_shards(StreamName="clicks")["Shards"][0]["ShardId"]
    split = {"StreamName": "clicks", "ShardToSplit": first, "NewStartingHashKey": "7"}
    assert refused(kinesis.split_shard, **split) == "ValidationException"
    assert kinesis.describe_limits()["OnDemandStreamCount"] == 1


def test_cloudtrail_tells_the_updates_of_a_stream_since_a_time(kinesis: Any, session: boto3.Session) -> None:
    trail = session.client("cloudtrail")
    update(kinesis, 8)
    refused(update, kinesis, 1)
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": NAME}]
    hour = timedelta(hours=1)
    events = trail.lookup_events(LookupAttributes=wanted, StartTime=datetime.now(UTC) - hour)["Events"]
    assert [event["EventName"] for event in events] == ["UpdateShardCount"]
    assert trail.lookup_events(LookupAttributes=wanted, StartTime=datetime.now(UTC) + hour)["Events"] == []


def test_moto_itself_is_never_updating(session: boto3.Session) -> None:
    del session
    with kinesis_resharding.mends.removed():
        stream: Any = models.KinesisBackend("eu-west-1", "111122223333").create_stream("numbers", 1)
        stream.tags[kinesis_resharding.UPDATING_SECONDS] = "30"
        stream.split_shard("shardId-000000000000", HALF)
        assert stream.status == "ACTIVE"


def test_a_page_of_shards_is_asked_for_by_its_token_alone(kinesis: Any) -> None:
    update(kinesis, 8)
    first = kinesis.list_shards(StreamName=NAME, MaxResults=5, ShardFilter={"Type": "AT_LATEST"})
    token = first["NextToken"]
    assert refused(kinesis.list_shards, StreamName=NAME, NextToken=token) == "InvalidArgumentException"
    rest = kinesis.list_shards(NextToken=token)
    ids = {shard["ShardId"] for shard in first["Shards"] + rest["Shards"]}
    assert len(ids) == 8
    assert "NextToken" not in rest
