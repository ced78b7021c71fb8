"""ListShards with a time: which shards were open then, and which have closed since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

HALF = str(2**127)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def kinesis(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stream of one shard that was split after an hour, and whose lower child was split after two."""
    now = [START]
    monkeypatch.setattr("sandbox.aws.shard.time.time_ns", lambda: int(now[0].timestamp() * 10**9))
    client = session.client("kinesis")
    client.create_stream(StreamName="numbers", ShardCount=1)
    for shard, at in (("shardId-000000000000", HALF), ("shardId-000000000001", str(2**126))):
        now[0] += timedelta(hours=1)
        client.split_shard(StreamName="numbers", ShardToSplit=shard, NewStartingHashKey=at)
    return client


def numbers(kinesis: Any, kind: str, hours: float, **named: Any) -> list[int]:
    request = {"Type": kind, "Timestamp": START + timedelta(hours=hours)}
    page = kinesis.list_shards(StreamName="numbers", ShardFilter=request, **named)
    shards = page["Shards"]
    while "NextToken" in page:
        page = kinesis.list_shards(NextToken=page["NextToken"], **named)
        shards += page["Shards"]
    return [int(shard["ShardId"].removeprefix("shardId-")) for shard in shards]


def test_from_a_time_on_come_the_open_shards_and_those_that_closed_since(kinesis: Any) -> None:
    assert numbers(kinesis, "FROM_TIMESTAMP", 0.5) == [0, 1, 2, 3, 4]
    assert numbers(kinesis, "FROM_TIMESTAMP", 1.5) == [1, 2, 3, 4]
    assert numbers(kinesis, "FROM_TIMESTAMP", 2.5) == [2, 3, 4]


def test_at_a_time_come_the_shards_that_were_open(kinesis: Any) -> None:
    assert numbers(kinesis, "AT_TIMESTAMP", 0.5) == [0]
    assert numbers(kinesis, "AT_TIMESTAMP", 1.5) == [1, 2]
    assert numbers(kinesis, "AT_TIMESTAMP", 2.5) == [2, 3, 4]


def test_the_token_of_a_page_keeps_the_time(kinesis: Any) -> None:
    assert numbers(kinesis, "FROM_TIMESTAMP", 1.5, MaxResults=1) == [1, 2, 3, 4]
