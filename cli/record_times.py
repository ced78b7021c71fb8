"""When the records at given offsets were written: what makes a lag in records one in time.

Asked with Kafka's own Fetch request, for all partitions of a broker at once and for as little as possible of each.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from kafka.protocol.consumer import FetchRequest, IsolationLevel

from cli.broker_requests import ask_brokers
from cli.cluster import Cluster, Place
from cli.record_batches import first_record, read_batches

FIRST_BYTES = 16 * 1024
"""Asked of each partition at first; a batch of the default size fits into it."""
MOST_BYTES = 1 << 20
REQUEST_BYTES = 32 << 20
"""Of one answer. Kafka gives at least one batch in each, however large (KIP-74), so that every round gets on."""
FETCH_VERSION = 12
"""The last one that names topics by name."""
SECONDS = 8.0
NO_TIMESTAMP = -1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_times(
    cluster: Cluster,
    offsets: Mapping[Place, int],
    *,
    leaders: Mapping[Place, int] | None = None,
    seconds: float = SECONDS,
) -> dict[Place, datetime | None]:
    """When the first record at each offset, or after it, was written.

    A reader of committed records is what counts: those of aborted transactions, and the markers that end transactions,
    are none. Records of a transaction that is still open are.

    Args:
        cluster: where.
        offsets: of each partition one, within what it holds.
        leaders: the broker of each partition, where that is known already.
        seconds: after which is answered what is known.

    Returns:
        the time by partition; None where there is no record (any more), as at the end. Partitions are missing that
        could not be read in time or do not hold the offset (any more), and those whose record has no time.
    """
    search = Search(dict(offsets), leaders_of(cluster, offsets) if leaders is None else leaders)
    deadline = time.monotonic() + seconds
    partition_bytes = FIRST_BYTES
    while (requests := search.requests(partition_bytes)) and time.monotonic() < deadline:
        for answer in ask_brokers(cluster.admin, requests).values():
            search.take(answer)
        partition_bytes = min(MOST_BYTES, partition_bytes * 4)
    return search.found


def read_all_times(
    cluster: Cluster, wanted: Collection[tuple[Place, int]], *, leaders: Mapping[Place, int]
) -> dict[tuple[Place, int], datetime | None]:
    """``read_times`` for any number of offsets in each partition, as several groups of a topic have them."""
    offsets: dict[Place, list[int]] = {}
    for place, offset in sorted(set(wanted)):
        offsets.setdefault(place, []).append(offset)
    deadline = time.monotonic() + SECONDS
    found: dict[tuple[Place, int], datetime | None] = {}
    for turn in range(max(map(len, offsets.values()), default=0)):
        some = {place: each[turn] for place, each in offsets.items() if turn < len(each)}
        times = read_times(cluster, some, leaders=leaders, seconds=deadline - time.monotonic())
        found |= {(place, some[place]): when for place, when in times.items()}
    return found


def leaders_of(cluster: Cluster, places: Collection[Place]) -> dict[Place, int]:
    """The broker that leads each partition; without those that have none."""
    live = cluster.topics({topic for topic, _ in places}, settings=False)
    return {
        (topic.name, partition.index): partition.leader
        for topic in live.values()
        for partition in topic.partitions
        if partition.leader is not None
    }


@dataclass
class Search:
    """How far the search has come in each partition."""

    pending: dict[Place, int]
    leaders: Mapping[Place, int]

    def __post_init__(self) -> None:
        self.found: dict[Place, datetime | None] = {}
        self.uncommitted: set[Place] = set()
        """Where all that is left belongs to a transaction that is still open."""

    def requests(self, partition_bytes: int) -> dict[int, Any]:
        """What to ask of each broker next; nothing once all is known."""
        for isolation, wanted in (
            (IsolationLevel.READ_COMMITTED, self.pending.keys() - self.uncommitted),
            (IsolationLevel.READ_UNCOMMITTED, self.pending.keys() & self.uncommitted),
        ):
            places = sorted(place for place in wanted if place in self.leaders)
            if places:
                nodes = {self.leaders[place] for place in places}
                return {node: self._request(node, places, isolation, partition_bytes) for node in nodes}
        return {}

    def _request(self, node: int, places: list[Place], isolation: IsolationLevel, partition_bytes: int) -> Any:  # noqa: ANN401
        topic_type = FetchRequest.FetchTopic
        own = [place for place in places if self.leaders[place] == node]
        return FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=REQUEST_BYTES,
            isolation_level=int(isolation),
            topics=[
                topic_type(
                    topic=topic,
                    partitions=[
                        topic_type.FetchPartition(
                            partition=place[1],
                            fetch_offset=self.pending[place],
                            partition_max_bytes=partition_bytes,
                        )
                        for place in group
                    ],
                )
                for topic, group in groupby(own, key=lambda place: place[0])
            ],
            min_version=4,  # since when readers can leave out what was aborted
            max_version=FETCH_VERSION,
        )

    def take(self, answer: Any) -> None:  # noqa: ANN401 - kafka-python has no types
        """Note what a broker answered."""
        for topic in answer.responses:
            for partition in topic.partitions:
                self._take((topic.topic, partition.partition_index), partition)

    def _take(self, place: Place, partition: Any) -> None:  # noqa: ANN401 - kafka-python has no types
        if place not in self.pending:
            return
        if partition.error_code:  # such as a leader that has moved, or an offset that retention has passed meanwhile
            del self.pending[place]
            return
        offset = self.pending[place]
        aborted = [(entry.producer_id, entry.first_offset) for entry in partition.aborted_transactions or ()]
        found = first_record(read_batches(partition.records), offset, aborted)
        if found.milliseconds is not None:
            del self.pending[place]
            if found.milliseconds != NO_TIMESTAMP:
                self.found[place] = EPOCH + timedelta(milliseconds=found.milliseconds)
        elif found.next_offset >= partition.high_watermark:
            del self.pending[place]
            self.found[place] = None
        else:
            self.pending[place] = found.next_offset
            if found.next_offset >= partition.last_stable_offset:
                self.uncommitted.add(place)
