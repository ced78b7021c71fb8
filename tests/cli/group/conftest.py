"""A topic on the real broker, groups that read it, and members that really are in a group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer
from kafka import KafkaAdminClient, KafkaProducer

from cli.cluster import Cluster
from cli.group import offsets as offsets_of
from sandbox.waiting import wait_until


@pytest.fixture
def cluster(broker) -> Iterator[Cluster]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield Cluster(admin)


@pytest.fixture
def orders(cluster, topic) -> str:
    """A topic of three partitions, by its name on the cluster."""
    cluster.admin.create_topics({topic: {"num_partitions": 3, "replication_factor": 1}})
    cluster.wait_until_ready([topic])
    return str(topic)


@pytest.fixture
def environment(project, kafka, orders) -> str:
    """Declares the topic as ``orders``, and a route that reads it."""
    name: str = project.write(
        kafka=kafka,
        topics={"orders": {"partitions": 3, "replication": 1, "name": orders}},
        streams={"orders": {"mode": "on-demand"}},
        routes={"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    return name


@pytest.fixture
def write(broker, orders) -> Callable[..., None]:
    """Write records: how many by partition, or when (milliseconds) by partition."""

    def written(counts: dict[int, int] | None = None, times: dict[int, list[int]] | None = None) -> None:
        with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            for partition, count in (counts or {}).items():
                for number in range(count):
                    producer.send(orders, str(number).encode(), partition=partition)
            for partition, some in (times or {}).items():
                for time in some:
                    producer.send(orders, b"value", partition=partition, timestamp_ms=time).get(10)
            producer.flush()

    return written


@pytest.fixture
def commit(cluster, orders) -> Callable[..., None]:
    """Commit offsets by partition, as a group without members."""

    def committed(group: str, offsets: dict[int, int]) -> None:
        offsets_of.commit(cluster, group, {(orders, partition): at for partition, at in offsets.items()})

    return committed


@pytest.fixture
def member(broker, orders, cluster) -> Callable[..., object]:
    """A consumer in a thread, from when it has partitions until the end of the block."""

    @contextmanager
    def joined(group: str, protocol: str = "classic", **settings: object) -> Iterator[Consumer]:
        stopped = threading.Event()
        has_partitions = threading.Event()
        consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": group,
                "client.id": "reader",
                "group.protocol": protocol,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                **settings,
            }
        )
        consumer.subscribe([orders])

        def run() -> None:
            while not stopped.is_set():
                consumer.poll(0.05)
                if consumer.assignment():
                    has_partitions.set()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert has_partitions.wait(60)
            states = {"Stable"}
            assert wait_until(
                lambda: {each.state for each in cluster.groups() if each.name == group} == states, timeout_seconds=30
            )
            yield consumer
        finally:
            stopped.set()
            thread.join()
            consumer.close()

    return joined
