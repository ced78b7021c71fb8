"""A source on a consumer that answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any
from unittest.mock import patch

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connector.batch import Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.client import Client
from connector.kafka.source import KafkaSource

CONFIG = {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", "start": "latest", "linger": "200ms"}
PLACE = TopicPartition("t", 0)


class ScriptedConsumer:
    """Answers like librdkafka's consumer, and notes what it was asked."""

    def __init__(self) -> None:
        self.committed_offset = -1001
        self.refusal: int | None = None
        self.refuses_the_call = False
        self.stored: dict[Partition, int] = {}
        self.commits = 0
        self.closing = threading.Event()
        self.may_close = threading.Event()
        self.may_close.set()
        self.times: list[int] = []
        self.moving: list[int] = []
        self.offset_at = -1
        self.assigned: list[TopicPartition] = []
        self.asked: list[tuple[int, float]] = []
        self.paused: list[TopicPartition] = []

    def subscribe(self, _: list[str], **callbacks: Callable[..., None]) -> None:
        self.callbacks = callbacks

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> None:
        assert asynchronous, "a synchronous commit has no time-out"
        self.commits += 1
        if self.refusal is None:
            self.stored.update({Partition(place.topic, place.partition): place.offset for place in offsets})
        elif self.refuses_the_call:
            raise KafkaException(KafkaError(self.refusal))

    def committed(self, places: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        assert timeout >= 0
        if self.moving:
            raise KafkaException(KafkaError(self.moving.pop()))
        return [
            TopicPartition(p.topic, p.partition, self.stored.get(Partition(p.topic, p.partition), -1001))
            for p in places
        ]

    def assignment(self) -> list[TopicPartition]:
        return self.assigned

    def close(self) -> None:
        self.closing.set()
        self.may_close.wait(30)

    def get_watermark_offsets(self, _: TopicPartition, timeout: float = 0, *, cached: bool = False) -> tuple[int, int]:
        if self.moving:
            raise KafkaException(KafkaError(self.moving.pop()))
        assert cached or timeout > 0
        return (10, 20) if cached or not self.paused else (10, 30)

    def pause(self, places: list[TopicPartition]) -> None:
        self.paused += places

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        self.assigned += places

    def incremental_unassign(self, places: list[TopicPartition]) -> None:
        self.assigned = [place for place in self.assigned if place not in places]

    def consume(self, count: int, timeout: float) -> list[Any]:
        self.asked.append((count, timeout))
        return []


class ScriptedClient:
    """The topic's four partitions, of which the group has committed what the consumer says."""

    bounds = Client.bounds

    def __init__(self, consumer: ScriptedConsumer) -> None:
        self.consumer = consumer
        self.failure: KafkaException | None = None
        self.asked_for_partitions = 0

    def attend(self) -> None:
        pass

    def partitions(self, _: str) -> int:
        self.asked_for_partitions += 1
        return 4

    def offsets_at(self, places: Collection[TopicPartition]) -> list[TopicPartition]:
        self.consumer.times += [place.offset for place in places]
        return [TopicPartition(place.topic, place.partition, self.consumer.offset_at) for place in places]

    def committed(self, places: Collection[TopicPartition]) -> list[TopicPartition]:
        if self.failure is not None:
            raise self.failure
        return [TopicPartition(place.topic, place.partition, self.consumer.committed_offset) for place in places]


class NotingOwner:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.assignments: list[Partition] = []
        self.commits: dict[Partition, int] = {}
        self.stops: dict[Partition, str] = {}
        self.finished: dict[Partition, int] = {}

    def assigned(self, partitions: Collection[Partition]) -> None:
        self.assignments += partitions

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {partition: self.finished.pop(partition) for partition in partitions if partition in self.finished}

    def lost(self, _: Collection[Partition]) -> None:
        self.assignments.clear()

    def committed(self, positions: Mapping[Partition, int]) -> None:
        self.commits.update(positions)

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        self.stops[partition] = str(reason)


class Scripted:
    """A source on a scripted consumer, and its owner."""

    def __init__(self, most: int = 500, waiting: int | None = None, **settings: object) -> None:
        config = KafkaConfig.model_validate({**CONFIG, **settings})
        self.consumer, self.owner = ScriptedConsumer(), NotingOwner()
        self.client = ScriptedClient(self.consumer)
        with patch("connector.kafka.source.Client", lambda *_: self.client):
            self.source = KafkaSource(config, "127.0.0.1:1", most=most, waiting=waiting)
        self.source.start(self.owner)

    def assign(self) -> None:
        self.consumer.callbacks["on_assign"](self.consumer, [PLACE])

    def give_up(self, how: str) -> None:
        if how == "close":
            self.source.close()
        else:
            self.consumer.callbacks["on_revoke"](self.consumer, [PLACE])
