"""A broker that looks every second for what to delete, and topics whose records have known ages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.structs import OffsetAndMetadata

from cli.cluster import retrying
from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.waiting import wait_until
from tests.cli.conftest import Outcome, Project

HOUR = 3_600_000
DAY = 24 * HOUR
QUICK_DELETION = """
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=100
log.retention.minutes=10080
log.retention.hours=1
"""


@pytest.fixture(scope="session")
def quick_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    directory: Path = tmp_path_factory.mktemp("quick-broker")
    started = Broker.prepare(directory / "kafka", QUICK_DELETION)
    record = started.start(owner=directory)
    yield started
    record.stop(STOP_GRACE_SECONDS)


@pytest.fixture(scope="session")
def admin(quick_broker: Broker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=quick_broker.bootstrap) as client:
        yield client


@pytest.fixture
def kafka(quick_broker: Broker) -> dict[str, Any]:
    return {"kind": "external", "bootstrap": quick_broker.bootstrap, "tls": False}


@pytest.fixture(autouse=True)
def no_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.topic.retention.execution.SLACK_SECONDS", 2.0)
    monkeypatch.setattr("cli.topic.retention.execution.POLL_SECONDS", 0.1)
    monkeypatch.setattr("cli.topic.retention.execution.HEALTH_SECONDS", 0.2)


@dataclass(frozen=True)
class Scene:
    """One declared topic, ``orders``, with one record of 1,000 bytes for each hour of the last days."""

    project: Project
    environment: str
    topic: str
    admin: KafkaAdminClient
    bootstrap: str

    def run(self, *arguments: str, input: str | None = None) -> Outcome:  # noqa: A002 - as Project names it
        return self.project.run("topic", "retention", "orders", "-e", self.environment, *arguments, input=input)

    def write(self, ages: list[int], partition: int = 0, size: int = 1_000) -> None:
        """Records of these ages in ms, in this order, each in a batch of its own: segments begin with batches."""
        now = time.time_ns() // 1_000_000
        with KafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            for age in ages:
                producer.send(self.topic, bytes(size), partition=partition, timestamp_ms=now - age)
                producer.flush()

    def write_keyed(self, ages: list[int]) -> None:
        """Records of these ages in ms, each with a key of its own, as a compacted topic takes them."""
        now = time.time_ns() // 1_000_000
        with KafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            for age in ages:
                producer.send(self.topic, b"value", key=str(age).encode(), timestamp_ms=now - age)
                producer.flush()

    def commit(self, group: str, offset: int, partition: int = 0) -> None:
        place = TopicPartition(self.topic, partition)
        offsets = {place: OffsetAndMetadata(offset, "", -1)}

        def committed() -> bool:
            answer = retrying(lambda: self.admin.alter_group_offsets(group, offsets), seconds=30)
            return not any(getattr(error, "errno", error) for error in answer.values())

        wait_until(committed, timeout_seconds=30)

    def begin(self, partition: int = 0) -> int:
        place = TopicPartition(self.topic, partition)
        return int(self.admin.list_partition_offsets({place: OffsetSpec.EARLIEST})[place].offset)

    def setting(self, name: str) -> str | None:
        resource = ConfigResource(ConfigResourceType.TOPIC, self.topic)
        found = self.admin.describe_configs([resource], config_filter="all")["topic"][self.topic]
        value: str | None = found[name]["value"]
        return value

    def file(self) -> str:
        return (self.project.folder / f"{self.environment}.yaml").read_text()


@pytest.fixture
def make_scene(project, kafka, topic, admin, quick_broker):
    """Makes the topic; ``declared`` is what the YAML says of it beside its name."""

    def make(
        live: dict[str, str] | None = None,
        *,
        partitions: int = 1,
        declared: dict[str, Any] | None = None,
        **sections: Any,
    ) -> Scene:
        configs = {"retention.ms": str(7 * DAY), "segment.ms": str(HOUR // 2)} | (live or {})
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
        entry = {"name": topic, "partitions": partitions, "replication": 1, "retention": "7d"} | (declared or {})
        environment = project.write(kafka=kafka, topics={"orders": entry}, **sections)
        return Scene(project, environment, topic, admin, quick_broker.bootstrap)

    return make


@pytest.fixture
def scene(make_scene):
    """Three days of records, one an hour, each in a segment of its own."""
    made = make_scene()
    made.write([hours * HOUR for hours in range(72, 0, -1)])
    return made
