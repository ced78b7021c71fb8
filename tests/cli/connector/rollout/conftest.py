"""A connector that runs on the stand-in and reads from the real broker, with waits that are short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from kafka import KafkaAdminClient

from cli.connector.rollout import following, gate, lag
from sandbox.kafka import Broker
from sandbox.waiting import wait_until
from tests.cli.conftest import Project
from tests.cli.connector.rollout.played import ROUTE, Played

QUICK = ("--stable", "1s", "--catch-up", "5s", "--no-verify")


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(following, "APPEAR_SECONDS", 3.0)
    monkeypatch.setattr(lag, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(gate, "TOLERANCE", timedelta(seconds=1))


@pytest.fixture
def environment(project: Project, kafka: dict[str, Any], topic: str, short_waits: None) -> str:  # noqa: ARG001
    return project.write(
        kafka=kafka,
        topics={"orders": {"partitions": 2, "replication": 1, "name": topic}},
        streams={"orders": {"mode": "provisioned", "shards": 2}},
        routes={ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
        connectors={"image": "registry.example/connector:good"},
    )


@pytest.fixture
def played(aws: boto3.Session, environment: str, broker: Broker, topic: str) -> Iterator[Played]:
    """The connector, running its first revision."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    aws.client("ssm").put_parameter(
        Name=f"/streamops/{environment}/connectors/{ROUTE}/config", Value='{"format":"value"}', Type="String"
    )
    played = Played(aws, environment, broker.bootstrap, topic)
    played.create()
    wait_until(lambda: played.deployments() == ["SUCCESSFUL"], timeout_seconds=20)
    yield played
    played.stop()
