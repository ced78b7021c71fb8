"""The rule that keeps each key in order: one record of a key under way at a time.

The records of one PutRecords call fail one by one, and calls overtake each other. So a record waits
until the earlier one of its key is acknowledged, retries included; all other keys flow on. That a
call never holds a key twice follows from the same rule.
"""

from collections import deque
from collections.abc import Sequence

from connector.batch import Records, records

_Held = deque[tuple[str, bytes, int]]


class KeyOrder:
    """Which keys of one partition are under way, and what waits behind them."""

    __slots__ = ("_busy", "_held", "held")

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._held: dict[str, _Held] = {}
        self.held = 0
        """How many records wait for an earlier one of their key."""

    def admit(self, incoming: Records) -> Records:
        """Take in records in offset order; return those that may be sent now, possibly none.

        The usual batch, all its keys different and none under way, passes as it is without a loop.
        """
        keys = incoming.keys
        unique = set(keys)
        if len(unique) == len(keys) and self._busy.isdisjoint(unique):
            self._busy |= unique
            return incoming
        busy, free = self._busy, []
        for index, key in enumerate(keys):
            if key in busy:
                self._held.setdefault(key, deque()).append((key, incoming.data[index], incoming.offsets[index]))
            else:
                busy.add(key)
                free.append(index)
        self.held += len(keys) - len(free)
        return incoming.select(free)

    def release(self, acknowledged: Sequence[str]) -> Records | None:
        """Note that the records under way with these keys are acknowledged; return what may follow now."""
        if not self._held:
            self._busy.difference_update(acknowledged)
            return None
        done = set(acknowledged)
        followed = self._held.keys() & done
        self._busy -= done - followed
        if not followed:
            return None
        following = []
        for key in followed:
            queue = self._held[key]
            following.append(queue.popleft())
            if not queue:
                del self._held[key]
        self.held -= len(following)
        following.sort(key=_offset)  # oldest first, so that the watermark moves soonest
        return records([r[0] for r in following], [r[1] for r in following], [r[2] for r in following])

    def forget(self) -> int:
        """Drop everything that waits; return the memory it took in bytes."""
        waiting = [record for queue in self._held.values() for record in queue]
        self._held.clear()
        self.held = 0
        return records([r[0] for r in waiting], [r[1] for r in waiting], [r[2] for r in waiting]).footprint


def _offset(record: tuple[str, bytes, int]) -> int:
    return record[2]
