"""The rule that keeps each key in order: one record of a key under way at a time.

The records of one PutRecords call fail one by one, and calls overtake each other. So a record waits
until the earlier one of its key is acknowledged, retries included; all other keys flow on. That a
call never holds a key twice follows from the same rule.
"""

from collections import deque
from collections.abc import Collection, Sequence

from connector.batch import Records, records

_Held = deque[tuple[bytes, bytes, int]]


class KeyOrder:
    """Which keys of one partition are under way, and what waits behind them."""

    __slots__ = ("_busy", "_held", "held")

    def __init__(self) -> None:
        self._busy: set[bytes] = set()
        self._held: dict[bytes, _Held] = {}
        self.held = 0
        """How many records wait for an earlier one of their key."""

    def admit(self, incoming: Records) -> None:
        """Take records in offset order; leave in `incoming` those that may be sent now, if any: each key once."""
        keys, busy = incoming.keys, self._busy
        add = busy.add  # gives None: a key that is not under way is from here on
        # One pass for all: sets of the batch, to be compared as wholes, take twice as long to build.
        waiting = [index for index, key in enumerate(keys) if key in busy or add(key)]
        if not waiting:
            return
        for index in waiting:
            key = keys[index]
            self._held.setdefault(key, deque()).append((key, incoming.data[index], incoming.offsets[index]))
        self.held += len(waiting)
        incoming.remove(waiting)

    def release(self, acknowledged: Sequence[bytes]) -> Records | None:
        """Note that the records under way with these keys are acknowledged; return what may follow now."""
        held, busy = self._held, self._busy
        busy.difference_update(acknowledged)
        # What waits, waits for a key that is under way; so one that no longer is has just been acknowledged.
        if len(held) < len(acknowledged):
            followed: Collection[bytes] = [key for key in held if key not in busy]
        else:
            followed = held.keys() & acknowledged
        if not followed:
            return None
        busy.update(followed)
        following = []
        for key in followed:
            queue = held[key]
            following.append(queue.popleft())
            if not queue:
                del held[key]
        self.held -= len(following)
        following.sort(key=_offset)  # oldest first, so that the watermark moves soonest
        return records([r[0] for r in following], [r[1] for r in following], [r[2] for r in following])

    def forget(self) -> int:
        """Drop everything that waits; return the memory it took in bytes."""
        waiting = [record for queue in self._held.values() for record in queue]
        self._held.clear()
        self.held = 0
        return records([r[0] for r in waiting], [r[1] for r in waiting], [r[2] for r in waiting]).footprint


def _offset(record: tuple[bytes, bytes, int]) -> int:
    return record[2]
