"""Where partitions end, which tells how far behind the group is."""

import time
from collections.abc import Callable, Collection
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connector.batch import Partition

Bounds = tuple[int, int]
"""The first offset of a partition, and the one that its next record will have."""

# A broker answers the requests of a connection one after the other, so the question may wait behind a fetch for other
# partitions, and that for records, half a second (librdkafka's fetch.wait.max.ms). Nothing else is done meanwhile: it
# is asked seldom. In seconds.
_INTERVAL: Final = 5.0
_PATIENCE: Final = 1.0


class Ends:
    """Asks the broker about partitions of which nothing is fetched; of the others fetches tell it by the way."""

    def __init__(self, consumer: Consumer, clock: Callable[[], float] = time.monotonic) -> None:
        self._consumer = consumer
        self._clock = clock
        self._asked: dict[Partition, Bounds] = {}
        self._due = 0.0

    def of(self, partitions: Collection[Partition], silent: Collection[Partition]) -> dict[Partition, Bounds]:
        """Return what is known; of `silent` ones nothing is fetched. May wait a second, once in five."""
        without_fetches = [partition for partition in partitions if partition in silent]
        # Fetches know better again.
        self._asked = {partition: bounds for partition, bounds in self._asked.items() if partition in silent}
        if without_fetches and self._clock() >= self._due:
            self._ask(without_fetches)
            self._due = self._clock() + _INTERVAL
        known = {partition: self._asked.get(partition) or self._read(partition) for partition in partitions}
        return {partition: bounds for partition, bounds in known.items() if bounds is not None}

    def _ask(self, partitions: Collection[Partition]) -> None:
        """Ask as long as patience lasts, first for those whose turn was longest ago."""
        deadline = self._clock() + _PATIENCE
        turns = {partition: turn for turn, partition in enumerate(self._asked)}
        for partition in sorted(partitions, key=lambda each: turns.get(each, -1)):
            patience = deadline - self._clock()
            if patience <= 0:
                return
            before = self._asked.pop(partition, None)
            if bounds := self._read(partition, patience) or before:
                self._asked[partition] = bounds

    def _read(self, partition: Partition, patience: float | None = None) -> Bounds | None:
        try:
            bounds = self._consumer.get_watermark_offsets(
                TopicPartition(*partition), timeout=patience or 0.0, cached=patience is None
            )
        except (KafkaException, RuntimeError):
            return None
        return bounds if bounds and bounds[1] >= 0 else None
