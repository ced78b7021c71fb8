"""A real broker for one run, and topics of records on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.records import PARTITIONS, generate, key_of, partition_of
from sandbox.kafka import STOP_GRACE_SECONDS, Broker


@contextmanager
def broker(directory: Path) -> Iterator[Broker]:
    """Run a broker with its files in `directory`."""
    prepared = Broker.prepare(directory / "kafka")
    record = prepared.start(owner=directory)
    try:
        yield prepared
    finally:
        record.stop(STOP_GRACE_SECONDS)


def create(bootstrap: str, topic: str) -> None:
    """Make an empty topic."""
    new = NewTopic(topic, PARTITIONS, 1, config={"retention.ms": "-1"})
    admin = AdminClient({"bootstrap.servers": bootstrap})  # its answers end with it
    admin.create_topics([new])[topic].result(20)


def load(bootstrap: str, topic: str, count: int, size: int) -> None:
    """Make a topic of `count` records with values of `size` bytes.

    Raises:
        RuntimeError: the broker did not take all of them.
    """
    create(bootstrap, topic)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 50,
            "queue.buffering.max.messages": 500_000,
            "batch.size": 1_000_000,
        }
    )
    sys.stderr.write(f"loading {count:,} records of {size} bytes\n")
    produce = producer.produce
    for place, value in generate(count, size):
        while True:
            try:
                produce(topic, value, key_of(place), partition_of(place))
                break
            except BufferError:
                producer.poll(0.05)
    if left := producer.flush(60):
        raise RuntimeError(f"the broker did not take {left} records of {topic}")
