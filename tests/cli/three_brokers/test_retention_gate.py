"""A stepwise decrease while a broker is down."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from cli import cluster_health
from sandbox.waiting import wait_until

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(scope="module", autouse=True)
def left_when_all_fixtures_are_gone() -> Iterator[None]:
    """kafka-python forgets to close the socket of a connection that was refused; some live as long as the fixtures."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_no_step_follows_while_a_broker_is_down_and_running_again_goes_on(
    project, three_brokers, admin, cluster, topic, monkeypatch
):
    spread = {"num_partitions": 3, "replication_factor": 3, "configs": {"retention.ms": str(7 * DAY)}}
    admin.create_topics({topic: spread})
    now = time.time_ns() // 1_000_000
    with KafkaProducer(bootstrap_servers=three_brokers.bootstrap) as producer:
        for days in (4, 3, 2, 1):
            producer.send(topic, b"value", partition=0, timestamp_ms=now - days * DAY)
        producer.flush()
    declared = {"name": topic, "partitions": 3, "replication": 3, "retention": "7d"}
    environment = project.write(kafka=three_brokers.kafka, topics={"orders": declared})

    def lower() -> int:
        override = ("--allow-data-loss", "--confirm", "orders")
        steps = ("--to", "2d", "--step", "1d")
        code: int = project.run("topic", "retention", "orders", "-e", environment, *steps, *override).exit_code
        return code

    def retention() -> str | None:
        value: str | None = cluster.topics([topic])[topic].settings["retention.ms"].value
        return value

    monkeypatch.setattr("cli.topic.retention.execution.HEALTH_SECONDS", 1.0)
    monkeypatch.setattr("cli.topic.retention.change.await_deletion", lambda *_: three_brokers.kill(3))
    try:
        assert lower() == 6
        assert retention() == str(4 * DAY)
    finally:
        three_brokers.start(3)
        three_brokers.wait_for({1, 2, 3})
    assert wait_until(lambda: not cluster_health.problems(cluster), timeout_seconds=60)
    monkeypatch.setattr("cli.topic.retention.change.await_deletion", lambda *_: 0)
    assert lower() == 0
    assert retention() == str(2 * DAY)
