"""A stream on the stand-in with records, consumers and metrics."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from ruamel.yaml import YAML

from sandbox.aws.kinesis_resharding import UPDATING_SECONDS

_numbers = itertools.count(1)


@dataclass
class Scene:
    """One environment with the stream ``orders``, and what there is of it in Kinesis."""

    project: Any
    session: boto3.Session
    environment: str
    stream: str

    @property
    def kinesis(self) -> Any:
        return self.session.client("kinesis")

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = self.kinesis.describe_stream_summary(StreamName=self.stream)
        return dict(found["StreamDescriptionSummary"])

    @property
    def arn(self) -> str:
        return str(self.summary["StreamARN"])

    @property
    def file(self) -> Path:
        return Path(self.project.folder / f"{self.environment}.yaml")

    @property
    def declared(self) -> dict[str, Any]:
        """What the environment file says of the stream."""
        document: dict[str, Any] = YAML(typ="safe").load(self.file)
        return dict(document["streams"]["orders"])

    def run(self, verb: str, *arguments: str, **options: Any) -> Any:
        return self.project.run("stream", verb, "orders", *arguments, "-e", self.environment, **options)

    def put(self, hash_key: int) -> None:
        self.kinesis.put_record(StreamName=self.stream, Data=b"x", PartitionKey="k", ExplicitHashKey=str(hash_key))

    def measure(self, metric: str, value: float, ago: timedelta = timedelta(minutes=6), **dimensions: str) -> None:
        """Have CloudWatch know a datapoint of the stream."""
        all_dimensions = {"StreamName": self.stream, **dimensions}
        self.session.client("cloudwatch").put_metric_data(
            Namespace="AWS/Kinesis",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": each} for name, each in all_dimensions.items()],
                    "Timestamp": datetime.now(UTC) - ago,
                    "Value": value,
                }
            ],
        )

    def update_slowly(self, seconds: float) -> None:
        """Have every change leave the stream UPDATING for a while."""
        self.kinesis.add_tags_to_stream(StreamName=self.stream, Tags={UPDATING_SECONDS: str(seconds)})


@pytest.fixture
def scene_of(project: Any, aws: boto3.Session) -> Any:
    """Makes a scene: what the YAML says of the stream, and how it is created in Kinesis."""

    def make(declared: dict[str, Any], region: str = "eu-west-1", **created: Any) -> Scene:
        environment = project.write(
            streams={"orders": declared}, region=region, network={"zones": [f"{region}a", f"{region}b"]}
        )
        session = aws if region == aws.region_name else boto3.Session(region_name=region)
        stream = f"{environment}-orders"
        session.client("kinesis").create_stream(StreamName=stream, **created)
        return Scene(project, session, environment, stream)

    return make


@pytest.fixture
def orders(scene_of: Any) -> Scene:
    """Two shards, 48 hours."""
    scene: Scene = scene_of({"mode": "provisioned", "shards": 2, "retention": "48h"}, ShardCount=2)
    scene.kinesis.increase_stream_retention_period(StreamName=scene.stream, RetentionPeriodHours=48)
    return scene
