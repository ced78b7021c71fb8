"""What a member of a consumer group commits."""

import time
from collections.abc import Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from connector.batch import Partition
from connector.kafka.client import patiently

# A commit that was refused is tried again so often, in case the group was only moving.
_ATTEMPTS: Final = 3
_PAUSE: Final = 0.1


class Commits:
    """Commits offsets for a consumer, each with the same note."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.note = ""
        """Metadata of every commit, which the group keeps beside the offset."""

    def send(self, positions: Mapping[Partition, int]) -> None:
        """Commit, and let the consumer's callback tell what came of it.

        Raises:
            KafkaException: it cannot even be sent.
        """
        offsets = [TopicPartition(*partition, offset, self.note) for partition, offset in positions.items()]
        self._consumer.commit(offsets=offsets, asynchronous=True)

    def confirm(self, positions: Mapping[Partition, int], seconds: float) -> tuple[set[Partition], KafkaError | None]:
        """Commit and be sure of it within so many seconds, also from within a callback.

        A synchronous commit takes no time-out: a broker that keeps its connection open and says nothing holds it up for
        minutes. What serves the answer to an asynchronous one, a poll, must not be called within a callback. So the
        group is asked what is committed: a broker takes the requests of one connection in turn, hence knows by then.

        Returns:
            The partitions of which the commit is confirmed, and why the others are not.
        """
        deadline = time.monotonic() + seconds
        places = [TopicPartition(*partition) for partition in positions]

        def committed() -> list[TopicPartition]:
            self.send(positions)
            left = max(0.0, deadline - time.monotonic())
            answer: list[TopicPartition] = self._consumer.committed(places, timeout=left)
            return answer

        done: set[Partition] = set()
        problem = KafkaError(KafkaError._NO_OFFSET, "the group did not take the offset")  # noqa: SLF001 - librdkafka's own codes begin with an underscore
        for _ in range(_ATTEMPTS):
            try:
                found = patiently(committed)
            except KafkaException as error:
                return done, error.args[0]
            offsets = {Partition(place.topic, place.partition): place.offset for place in found if not place.error}
            done = {partition for partition, offset in positions.items() if offsets.get(partition, -1) >= offset}
            if len(done) == len(positions):
                return done, None
            problem = next((place.error for place in found if place.error), problem)
            time.sleep(_PAUSE)
        return done, problem
