"""The source without a broker: what it makes of librdkafka's answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connector.batch import Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.source import BATCH_RECORDS, KafkaSource

PLACE = TopicPartition("t", 0)


class ScriptedConsumer:
    """Answers like librdkafka's consumer, and notes what it was asked."""

    def __init__(self) -> None:
        self.committed_offset = -1001
        self.refusal: int | None = None
        self.refuses_the_call = False
        self.assigned: list[TopicPartition] = []
        self.asked: list[tuple[int, float]] = []

    def subscribe(self, _: list[str], **callbacks: Callable[..., None]) -> None:
        self.callbacks = callbacks

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> list[Any]:
        assert not asynchronous
        if self.refusal is not None and self.refuses_the_call:
            raise KafkaException(KafkaError(self.refusal))
        error = None if self.refusal is None else KafkaError(self.refusal)
        return [Confirmed(place.topic, place.partition, place.offset, error) for place in offsets]

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        return 10, 20

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        self.assigned += places

    def consume(self, count: int, timeout: float) -> list[Any]:
        self.asked.append((count, timeout))
        return []


class Confirmed:
    """A `TopicPartition` as a commit gives it back; Python cannot set the error of a real one."""

    def __init__(self, topic: str, partition: int, offset: int, error: KafkaError | None) -> None:
        self.topic, self.partition, self.offset, self.error = topic, partition, offset, error


class ScriptedClient:
    """The topic's four partitions, of which the group has committed what the consumer says."""

    def __init__(self, consumer: ScriptedConsumer) -> None:
        self.consumer = consumer
        self.failure: ConnectorError | None = None

    def partitions(self, _: str) -> int:
        if self.failure is not None:
            raise self.failure
        return 4

    def committed(self, places: Collection[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(place.topic, place.partition, self.consumer.committed_offset) for place in places]


class NotingOwner:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.assignments: list[Partition] = []
        self.commits: dict[Partition, int] = {}

    def assigned(self, partitions: Collection[Partition]) -> None:
        self.assignments += partitions

    def revoked(self, _: Collection[Partition]) -> Mapping[Partition, int]:
        return {}

    def lost(self, _: Collection[Partition]) -> None:
        self.assignments.clear()

    def committed(self, positions: Mapping[Partition, int]) -> None:
        self.commits.update(positions)


class Scripted:
    """A source on a scripted consumer, and its owner."""

    def __init__(self) -> None:
        config = KafkaConfig.model_validate(
            {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", "start": "latest", "linger": "200ms"}
        )
        self.consumer, self.owner = ScriptedConsumer(), NotingOwner()
        self.client = ScriptedClient(self.consumer)
        self.source = KafkaSource(config, "127.0.0.1:1", 1 << 20)
        self.source._consumer.close()
        self.source._consumer = self.consumer  # type: ignore[assignment]  # no broker
        self.source._client = self.client  # type: ignore[assignment]  # as above
        self.source.start(self.owner)

    def assign(self) -> None:
        self.consumer.callbacks["on_assign"](self.consumer, [PLACE])


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


def test_a_first_start_at_latest_begins_where_it_has_committed(scripted: Scripted):
    scripted.assign()
    assert scripted.owner.commits == {Partition("t", 0): 20}
    assert [place.offset for place in scripted.consumer.assigned] == [20]
    assert scripted.source.poll() == []


@pytest.mark.parametrize("refuses_the_call", [True, False])
def test_a_beginning_that_cannot_be_committed_stops_it_before_a_record_is_skipped(scripted: Scripted, refuses_the_call):
    scripted.consumer.refusal = KafkaError.GROUP_AUTHORIZATION_FAILED
    scripted.consumer.refuses_the_call = refuses_the_call
    scripted.assign()
    assert scripted.owner.commits == {}
    assert scripted.owner.assignments == []
    assert scripted.consumer.assigned == []
    with pytest.raises(ConnectorError, match="'g': where to begin can be neither read nor committed"):
        scripted.source.poll()


def test_brokers_that_go_away_during_an_assignment_stop_it_by_the_next_poll(scripted: Scripted):
    scripted.client.failure = ConnectorError("no broker answers")
    scripted.assign()
    assert scripted.consumer.assigned == []
    with pytest.raises(ConnectorError, match="no broker answers"):
        scripted.source.poll()


def test_records_are_waited_for_no_longer_than_the_linger(scripted: Scripted):
    scripted.source.poll()
    assert scripted.consumer.asked == [(BATCH_RECORDS, 0.2)]
