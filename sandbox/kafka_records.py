"""Sending records to a topic and watching how far a consumer group has come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from sandbox.errors import SandboxError
from sandbox.records import Record

LOG = logging.getLogger(__name__)
Answer = TypeVar("Answer")
ANSWER_SECONDS = 10.0
DELIVERY_SECONDS = 30.0


def send(
    bootstrap: str, topic: str, records: Sequence[Record], *, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Send ``records`` in order; each key keeps its order because it always goes to one partition.

    Raises:
        SandboxError: the broker refused a record or did not acknowledge all of them.
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 20,
            "compression.type": "lz4",
            "message.timeout.ms": int(DELIVERY_SECONDS * 1000),
        },
        logger=LOG,  # librdkafka would write to stderr, across the progress bar
    )
    failures: list[str] = []
    acknowledged = 0

    def delivered(error: object, _message: object) -> None:
        nonlocal acknowledged
        if error is None:
            acknowledged += 1
        else:
            failures.append(str(error))

    for position, record in enumerate(records):
        while True:
            try:
                producer.produce(topic, record.value, record.key, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        if position % 1000 == 0:
            producer.poll(0)
            progress(acknowledged)
    while (waiting := producer.flush(1)) and not failures:
        progress(len(records) - waiting)
    if failures:
        raise SandboxError(f"{len(failures)} records were not taken by topic {topic} at {bootstrap}: {failures[0]}")
    progress(acknowledged)


class GroupProgress:
    """How far a consumer group has come on a topic, without being a member of it."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False}, logger=LOG
        )

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    def ends(self) -> Mapping[int, int]:
        """The next offset of each partition.

        Raises:
            SandboxError: the topic is not there.
        """
        metadata = self._ask(lambda: self._consumer.list_topics(self._topic, timeout=ANSWER_SECONDS))
        described = metadata.topics[self._topic]
        if described.error is not None:
            raise SandboxError(f"topic {self._topic}: {described.error}; create it with: streamops topic sync")
        return {partition: self._end(partition) for partition in described.partitions}

    def _end(self, partition: int) -> int:
        asked = TopicPartition(self._topic, partition)
        _, end = self._ask(lambda: self._consumer.get_watermark_offsets(asked, timeout=ANSWER_SECONDS))
        return int(end)

    def committed(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """The committed offset of each partition, 0 where the group has committed none."""
        asked = [TopicPartition(self._topic, partition) for partition in partitions]
        answer = self._ask(lambda: self._consumer.committed(asked, timeout=ANSWER_SECONDS))
        return {position.partition: max(position.offset, 0) for position in answer}

    def lag(self, ends: Mapping[int, int]) -> int:
        """Records before ``ends`` that the group has not committed."""
        committed = self.committed(list(ends))
        return sum(max(0, end - committed[partition]) for partition, end in ends.items())

    @staticmethod
    def _ask(question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except KafkaException as error:
            raise SandboxError(f"the Kafka broker does not answer: {error.args[0]}") from error
