"""A member of a consumer group without an engine: it reads, holds back, and hands over when it is told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connector.batch import Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.client import patiently
from connector.kafka.source import KafkaSource
from tests.connector.processes import until


class Topic:
    """A topic of the test's own, with a group of the same name."""

    def __init__(self, bootstrap: str, partitions: int = 4) -> None:
        self.bootstrap = bootstrap
        self.name = f"membership-{uuid.uuid4().hex[:8]}"
        self.partitions = partitions
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self.admin.create_topics([NewTopic(self.name, partitions, 1)])[self.name].result(10)
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})

    def produce(self, count: int, first: int = 0, **details: Any) -> list[bytes]:
        """Write numbered values, spread over the partitions unless `details` say otherwise."""
        values = [b"%06d" % number for number in range(first, first + count)]
        for number, value in enumerate(values):
            self._producer.produce(self.name, value, **{"partition": number % self.partitions, **details})
        assert self._producer.flush(30) == 0
        return values

    def committed(self) -> list[int]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.name})
        places = [TopicPartition(self.name, number) for number in range(self.partitions)]
        try:
            return [place.offset for place in patiently(lambda: consumer.committed(places, timeout=10))]
        finally:
            consumer.close()

    def config(self, **settings: object) -> KafkaConfig:
        where = {"bootstrap": self.bootstrap, "topic": self.name, "group": self.name}
        return KafkaConfig.model_validate({"kind": "kafka", "session_timeout": "6s", **where, **settings})


class Member:
    """Reads as a connector's engine does; what it has read is in flight until it is asked to finish."""

    def __init__(self, topic: Topic, *, drains: bool = True, **settings: object) -> None:
        self.topic = topic
        self.drains = drains
        self.owned: set[Partition] = set()
        self.assignments = 0
        self.done: list[bytes] = []
        self.read: list[bytes] = []
        self.stops: dict[Partition, ConnectorError] = {}
        self.in_flight_at_revocation = 0
        self._in_flight: dict[Partition, tuple[int, list[bytes]]] = {}
        self.source = KafkaSource(topic.config(**settings), topic.bootstrap)
        self.source.start(self)

    def assigned(self, partitions: Collection[Partition]) -> None:
        self.assignments += 1
        self.owned.update(partitions)

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self.owned.difference_update(partitions)
        positions = {}
        for partition in partitions:
            if partition in self._in_flight:
                offset, values = self._in_flight.pop(partition)
                self.in_flight_at_revocation += len(values)
                if self.drains:
                    self.done += values
                    positions[partition] = offset
        return positions

    def lost(self, partitions: Collection[Partition]) -> None:
        self.owned.difference_update(partitions)
        for partition in partitions:
            self._in_flight.pop(partition, None)

    def committed(self, positions: Mapping[Partition, int]) -> None:
        pass

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        self.stops[partition] = reason

    def poll(self, seconds: float = 0.05) -> None:
        for batch in self.source.poll(seconds):
            values = [value or b"" for value in batch.values]
            self.read += values
            _, before = self._in_flight.get(batch.partition, (0, []))
            self._in_flight[batch.partition] = (batch.offsets[-1] + 1, before + values)

    def close(self) -> None:
        self.source.close()


def poll_until(members: Collection[Member], condition: Any, seconds: float = 60) -> None:
    """Let all members poll in turn until a condition holds."""

    def turn() -> bool:
        for member in members:
            member.poll()
        return bool(condition())

    until(turn, seconds)
