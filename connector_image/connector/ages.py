"""How old records are when the target has them: seen once for each batch, since each record would cost too much."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from connector.batch import Batch, Partition

_MILLISECONDS: Final = 1000.0


class Ages:
    """Remembers the timestamp with which each unacknowledged batch began; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._began: dict[Partition, deque[tuple[int, float]]] = {}

    @property
    def oldest(self) -> float | None:
        """The earliest timestamp of what is read and not acknowledged, in seconds since the epoch; None for nothing."""
        # Copied, since whoever asks may be another thread than the one that takes out what has passed.
        firsts = [tuple(began)[:1] for began in list(self._began.values())]
        return min((first[0][1] for first in firsts if first), default=None)

    def read(self, batch: Batch) -> None:
        """Note that a batch was read."""
        if batch.began >= 0:
            self._began.setdefault(batch.partition, deque()).append((batch.offsets[-1], batch.began / _MILLISECONDS))

    def passed(self, partition: Partition, position: int | None) -> float | None:
        """Note that all below `position` is acknowledged; return how old the latest batch of that is, in seconds."""
        began = self._began.get(partition)
        latest = None
        while began and position is not None and began[0][0] < position:
            latest = began.popleft()[1]
        return max(0.0, self._clock() - latest) if latest is not None else None

    def forget(self, partition: Partition) -> None:
        """Forget a partition that went."""
        self._began.pop(partition, None)
