"""Where reading begins: from the commit, or, on the very first start, where the route says.

`start: latest`, or a time, must not skip what comes after the first start. So the first offset of a partition is
committed as soon as it is known, before a record is read, and each commit says how many partitions
the topic had on the first start: a partition beyond them is new and is read from its beginning.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from confluent_kafka import KafkaException, TopicPartition

from connector.batch import Partition
from connector.config import KafkaSource as KafkaConfig
from connector.kafka.client import PROBE_TIMEOUT, Client
from connector.kafka.commits import Commits

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NOTE: Final = re.compile(r"first start: (\d+) partitions")


def write_note(partitions: int) -> str:
    """Write the note that each commit carries as its metadata."""
    return f"first start: {partitions} partitions"


def read_note(metadata: Iterable[str | None]) -> int | None:
    """Find the number of partitions on the first start in the metadata of commits, None without a note."""
    matches = (_NOTE.fullmatch(text or "") for text in metadata)
    return next((int(match[1]) for match in matches if match), None)


def is_new(partition: Partition, first_partitions: int | None) -> bool:
    """Tell whether a partition appeared after the first start, so that it is read from its beginning.

    Args:
        partition: A partition of which nothing is committed.
        first_partitions: How many partitions the topic had on the first start; None when others were committed
            without a note, by a tool for instance, so that this one can only be new.
    """
    return first_partitions is None or partition.number >= first_partitions


def milliseconds(start: datetime) -> int:
    """Return the first whole millisecond at or after a time, as Kafka counts: since the epoch, and never before it."""
    # Kafka gives negative numbers meanings of their own.
    return max(0, -((_EPOCH - start) // _MILLISECOND))


class Starts:
    """Finds where partitions begin, and commits the beginnings that are new.

    No answer of a broker is waited for longer than moments (`PROBE_TIMEOUT`, twice while leaders move), and the first
    one that does not come ends it.
    """

    def __init__(self, config: KafkaConfig, client: Client, commits: Commits, partitions: int) -> None:
        """Prepare to look.

        Args:
            config: What is read, and where the very first start begins.
            client: Who is asked.
            commits: Who commits; gets the note that every commit carries.
            partitions: How many partitions the topic has now.
        """
        self._config = config
        self._client = client
        self._commits = commits
        self._partitions = partitions

    def of(self, places: Sequence[TopicPartition]) -> dict[Partition, int]:
        """Find where each partition begins.

        Raises:
            KafkaException: the brokers do not tell, or do not take the commit of a new beginning.
        """
        committed = self._client.committed(places)
        starts = {Partition(place.topic, place.partition): place.offset for place in committed}
        first_partitions = self._first_partitions()
        fresh = [partition for partition, offset in starts.items() if offset < 0]
        beginnings = self._beginnings(fresh, first_partitions)
        self._commit(beginnings)
        return starts | beginnings

    def _beginnings(self, fresh: Collection[Partition], first_partitions: int | None) -> dict[Partition, int]:
        """Find the first offsets of partitions of which nothing is committed."""
        start = self._config.start
        found: dict[Partition, int] = {}
        timed: list[TopicPartition] = []
        for partition in fresh:
            low, high = self._client.bounds(TopicPartition(*partition))
            if start == "earliest" or is_new(partition, first_partitions):
                found[partition] = low
                continue
            found[partition] = high
            if isinstance(start, datetime):
                timed.append(TopicPartition(*partition, milliseconds(start)))
        # The ends are older than this answer, so that a record which comes in between is behind them and is read.
        for place in self._client.offsets_at(timed):
            if place.offset >= 0:
                found[Partition(place.topic, place.partition)] = place.offset
        return found

    def _commit(self, beginnings: Mapping[Partition, int]) -> None:
        """Commit first offsets, or fail: read without them, a second start would be a first one and skip again."""
        if not beginnings:
            return
        _, problem = self._commits.confirm(beginnings, PROBE_TIMEOUT)
        if problem is not None:
            raise KafkaException(problem)

    def _first_partitions(self) -> int | None:
        """Find how many partitions the topic had on the first start, which may be this one."""
        everywhere = [TopicPartition(self._config.topic, number) for number in range(self._partitions)]
        committed = [place for place in self._client.committed(everywhere) if place.offset >= 0]
        first = read_note([place.metadata for place in committed]) if committed else self._partitions
        self._commits.note = write_note(first) if first is not None else ""
        return first
