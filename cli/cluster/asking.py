"""How a cluster is asked: again while it says that it cannot answer yet, and for much in requests of one size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from kafka.errors import KafkaError

T = TypeVar("T")

RETRY_SECONDS = 8.0
"""How long answers are asked again that Kafka marks as retriable: the coordinator of a group is not available for
some seconds on a fresh cluster, and while a broker restarts."""

TOPICS_PER_REQUEST = 1_000
PARTITIONS_PER_REQUEST = 2_000


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
