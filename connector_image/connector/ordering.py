"""The rule that keeps each key in order: one record of a key under way at a time.

The records of one PutRecords call fail one by one, and calls overtake each other. So a record waits
until the earlier one of its key is acknowledged, retries included; all other keys flow on. That a
call never holds a key twice follows from the same rule.
"""

from collections import deque
from collections.abc import Collection, Sequence

from connector.batch import Records, records

_Held = deque[tuple[bytes, bytes, int]]
Keys = dict[bytes, int]
"""Different keys; what they map to does not matter."""


class KeyOrder:
    """Which keys of one partition are under way, and what waits behind them."""

    __slots__ = ("_busy", "_held", "held")

    def __init__(self) -> None:
        self._busy: set[bytes] = set()
        self._held: dict[bytes, _Held] = {}
        self.held = 0
        """How many records wait for an earlier one of their key."""

    def admit(self, incoming: Records) -> Keys:
        """Take records in offset order; leave in `incoming` those that may be sent now, if any, and return their keys.

        The usual batch, all its keys different and none under way, passes as it is without a loop.
        """
        keys, busy = incoming.keys, self._busy
        latest = dict(zip(keys, range(len(keys)), strict=True))
        repeats = len(latest) < len(keys)
        if not repeats and busy.isdisjoint(latest):
            busy.update(latest)
            return latest
        under_way = busy.intersection(latest)
        waiting = [latest[key] for key in under_way]
        if repeats:
            waiting += self._repeats(keys, latest, under_way)
        for key in under_way:
            del latest[key]
        busy.update(latest)
        waiting.sort()
        for index in waiting:
            key = keys[index]
            self._held.setdefault(key, deque()).append((key, incoming.data[index], incoming.offsets[index]))
        self.held += len(waiting)
        incoming.remove(waiting)
        return latest

    @staticmethod
    def _repeats(keys: Sequence[bytes], latest: Keys, under_way: Collection[bytes]) -> list[int]:
        """Find what else must wait where keys repeat: of each all but the first, and that too where it is under way."""
        waiting, gone = [], set(under_way)
        for index in [index for index, key in enumerate(keys) if latest[key] != index]:
            key = keys[index]
            if key in gone:
                waiting.append(index)
            else:
                gone.add(key)
        return waiting + [latest[key] for key in gone.difference(under_way)]

    def release(self, acknowledged: Keys) -> tuple[Records, Keys] | None:
        """Note that the records under way with these keys are acknowledged; return what may follow now."""
        held = self._held
        followed = held.keys() & acknowledged.keys() if held else ()
        self._busy.difference_update(acknowledged)
        if not followed:
            return None
        self._busy.update(followed)
        following = []
        for key in followed:
            queue = held[key]
            following.append(queue.popleft())
            if not queue:
                del held[key]
        self.held -= len(following)
        following.sort(key=_offset)  # oldest first, so that the watermark moves soonest
        released = records([r[0] for r in following], [r[1] for r in following], [r[2] for r in following])
        return released, dict.fromkeys(released.keys, 0)

    def forget(self) -> int:
        """Drop everything that waits; return the memory it took in bytes."""
        waiting = [record for queue in self._held.values() for record in queue]
        self._held.clear()
        self.held = 0
        return records([r[0] for r in waiting], [r[1] for r in waiting], [r[2] for r in waiting]).footprint


def _offset(record: tuple[bytes, bytes, int]) -> int:
    return record[2]
