"""A stream with a known skew on the stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.aws import Aws
from cli.stream.load.sample import Sample, take_sample
from environments import load_environment


@dataclass(frozen=True)
class Stream:
    """A provisioned stream of two shards, declared in an environment of its own."""

    environment: str
    kinesis: Any
    cloudwatch: Any
    short: str = "orders"

    @property
    def name(self) -> str:
        """In Kinesis."""
        return f"{self.environment}-{self.short}"

    @property
    def aws(self) -> Aws:
        """As a command has it."""
        return Aws(load_environment(self.environment))

    @property
    def arn(self) -> str:
        """Of the stream."""
        arn: str = self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]["StreamARN"]
        return arn

    def until_active(self) -> None:
        """Wait for a reshard that is under way."""
        self.kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})

    def put(self, key: str, data: bytes, times: int = 1, hash_key: int | None = None) -> None:
        """Write so many equal records."""
        entry: dict[str, Any] = {"PartitionKey": key, "Data": data}
        if hash_key is not None:
            entry["ExplicitHashKey"] = str(hash_key)
        for first in range(0, times, 500):
            records = [entry] * min(500, times - first)
            assert self.kinesis.put_records(StreamName=self.name, Records=records)["FailedRecordCount"] == 0

    def measure(self, shard_id: str, metric: str, *sums: float, minutes_ago: int = 5) -> None:
        """Have CloudWatch know these sums of a minute."""
        now = datetime.now(UTC)
        self.cloudwatch.put_metric_data(
            Namespace="AWS/Kinesis",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "StreamName", "Value": self.name},
                        {"Name": "ShardId", "Value": shard_id},
                    ],
                    "Timestamp": now - timedelta(minutes=minutes_ago + place),
                    "Value": value,
                }
                for place, value in enumerate(sums)
            ],
        )


def quick_sample(aws, arn, shards) -> Sample:
    """What a command takes without being asked for a time, and that ends now."""
    return take_sample(aws, arn, shards, back=timedelta(seconds=20), seconds=20)


@pytest.fixture
def stream(project, aws) -> Stream:
    environment = project.write(
        streams={"orders": {"mode": "provisioned", "shards": 2}, "clicks": {"mode": "on-demand"}}
    )
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=f"{environment}-orders", ShardCount=2)
    return Stream(environment, kinesis, aws.client("cloudwatch"))
