"""Topics on the real broker, and an environment that declares one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType


@pytest.fixture
def admin(broker):
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield admin


@pytest.fixture
def make(admin, topic) -> Callable[..., str]:
    """Create the test's topic, or one with a suffix, beside streamops."""

    def create(suffix: str = "", *, partitions: int = 3, **settings: str) -> str:
        name = f"{topic}{suffix}"
        configs = {name.replace("_", "."): value for name, value in settings.items()}
        new = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
        admin.create_topics({name: new}, wait_for_metadata=True)
        return name

    return create


@pytest.fixture
def declare(project, kafka, topic) -> Callable[..., str]:
    """Write an environment that declares the test's topic as ``orders``; gives its name."""

    def write(sections: dict[str, Any] | None = None, **fields: Any) -> str:
        orders = {"name": topic, "partitions": 3, "replication": 1, "retention": "7d", **fields}
        sections = dict(sections or {})
        topics = {"orders": orders, **sections.pop("topics", {})}
        name: str = project.write(kafka=kafka, topics=topics, **sections)
        return name

    return write


@pytest.fixture
def settings(admin) -> Callable[[str], dict[str, str]]:
    """The settings that a topic has itself."""

    def read(name: str) -> dict[str, str]:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return {key: entry["value"] for key, entry in answer["topic"][name].items()}

    return read


@pytest.fixture
def partitions(admin) -> Callable[[str], int]:
    return lambda name: len(admin.describe_topics([name])[0]["partitions"])


@pytest.fixture
def produce(broker) -> Callable[..., None]:
    """Write records of one time to the first partition."""

    def send(name: str, *, count: int = 10, timestamp_ms: int | None = None) -> None:
        with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            for number in range(count):
                producer.send(name, str(number).encode(), partition=0, timestamp_ms=timestamp_ms)
            producer.flush()

    return send


KEYED: dict[str, Any] = {
    "streams": {"orders": {"mode": "on-demand"}},
    "routes": {"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
}
"""A route that reads the topic in the order of its keys."""
