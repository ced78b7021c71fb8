"""How a cluster is asked: again while it says that it cannot answer yet, and for much in requests of one size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from kafka.errors import KafkaError

T = TypeVar("T")

RETRY_SECONDS = 8.0
"""How long answers are asked again that Kafka marks as retriable: the coordinator of a group is not available for
some seconds on a fresh cluster, and while a broker restarts."""

TOPICS_PER_REQUEST = 500
"""The settings of a topic are some 33; a busy broker takes seconds to tell those of many."""
PARTITIONS_PER_REQUEST = 2_000
RECORDS_PER_REQUEST = 5_000
"""The controller refuses a request that takes 10,000 records of its metadata log or more ("excessively large batch
operation"): one for each topic, for each partition and for each setting."""


def retrying(call: Callable[[], T], *, seconds: float = RETRY_SECONDS) -> T:
    """Ask again while the cluster answers with an error that it calls retriable."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def batches(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The entries in order, at most ``size`` at a time."""
    for first in range(0, len(entries), size):
        yield entries[first : first + size]


def portions(entries: Iterable[T], records: Callable[[T], int]) -> Iterator[list[T]]:
    """The entries in order, as many at a time as a request of changes may hold; one that is too large stands alone.

    Args:
        entries: what shall be changed.
        records: how many records of the metadata log each takes.
    """
    portion: list[T] = []
    taken = 0
    for entry in entries:
        more = records(entry)
        if portion and (taken + more > RECORDS_PER_REQUEST or len(portion) == TOPICS_PER_REQUEST):
            yield portion
            portion, taken = [], 0
        portion.append(entry)
        taken += more
    if portion:
        yield portion
