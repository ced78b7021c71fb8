"""``streamops topic list|describe`` against a real broker: sizes, rates, and all groups that read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from cli.cluster import Cluster
from cli.group.offsets import commit


@pytest.fixture
def cluster(broker) -> Iterator[Cluster]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield Cluster(admin)


@pytest.fixture
def environment(project, kafka, cluster, topic) -> str:
    cluster.admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    cluster.wait_until_ready([topic])
    name: str = project.write(
        kafka=kafka,
        topics={"orders": {"partitions": 2, "replication": 1, "name": topic}, "lost": {"partitions": 1}},
        streams={"orders": {"mode": "on-demand"}},
        routes={"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    return name


@contextmanager
def writing(broker, topic: str) -> Iterator[None]:
    """Records of 1 KiB all the time."""
    stopped = threading.Event()

    def run() -> None:
        with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            while not stopped.wait(0.01):
                producer.send(topic, bytes(1024)).get(10)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def test_the_size_on_disk_is_that_of_the_log(project, environment, broker, topic):
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        producer.send(topic, bytes(100_000)).get(10)
    item, lost = project.run("topic", "list", "-e", environment, "-o", "json").items
    assert 100_000 < item["bytes_on_disk"] < 101_000
    assert item["records_per_second"] is None
    assert "bytes_on_disk" not in lost
    assert "97.7 KiB" in project.run("topic", "list", "-e", environment).stdout


def test_rates_are_measured_over_a_window(project, environment, broker, topic):
    with writing(broker, topic):
        item = project.run("topic", "describe", "orders", "-e", environment, "--rates", "1s", "-o", "json").items[0]
        shown = project.run("topic", "list", "-e", environment, "--rates", "300ms").stdout
    assert item["records_per_second"] > 1
    assert item["bytes_per_second"] > 1024 * item["records_per_second"] * 0.9
    assert "RECORDS/S" in shown


def test_all_groups_that_read_are_told_those_of_the_routes_first(project, environment, broker, cluster, topic):
    an_hour_ago = int((time.time() - 3600) * 1000)
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for _ in range(3):
            producer.send(topic, b"value", partition=0, timestamp_ms=an_hour_ago).get(10)
    commit(cluster, f"{topic}-report", {(topic, 0): 2})
    item = project.run("topic", "describe", "orders", "-e", environment, "-o", "json").items[0]
    route, report = item["groups"]
    assert (route["route"], route["state"], route["lag"]) == ("orders-to-stream", "none yet", 3)
    assert (report["group"], report["route"], report["lag"]) == (f"{topic}-report", None, 1)
    assert 3600 <= report["lag_seconds"] < 3700
    assert [(p["partition"], p["committed"]) for p in report["partitions"]] == [(0, 2)]
    assert "1h" in project.run("topic", "describe", "orders", "-e", environment).stdout


def test_a_group_of_another_topic_is_not_told(project, environment, cluster, topic):
    cluster.admin.create_topics({f"{topic}-other": {"num_partitions": 1, "replication_factor": 1}})
    cluster.wait_until_ready([f"{topic}-other"])
    commit(cluster, f"{topic}-elsewhere", {(f"{topic}-other", 0): 0})
    item = project.run("topic", "describe", "orders", "-e", environment, "-o", "json").items[0]
    assert [group["route"] for group in item["groups"]] == ["orders-to-stream"]
