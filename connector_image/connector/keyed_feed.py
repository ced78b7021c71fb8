"""The feed of records that travel one by one: the order of each key, retries, and the search for a record at fault."""

import heapq
import itertools
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connector.backoff import Backoff
from connector.batch import Records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.ordering import KeyOrder
from connector.outcome import Placement

# More would not be faster: what was just read is still in the processor's cache.
_QUEUED_CALLS: Final = 8
# Seconds; less than anybody notices, and enough to spare many small calls.
_COMPANY: Final = 0.005


@dataclass(slots=True, eq=False)
class _Single(Piece):
    """Records of one lane, each for itself."""

    lane: Lane = None  # type: ignore[assignment]  # always given; the base has a default before it
    due: float = 0.0


class KeyedFeed:
    """Lets at most one record of a key be under way; with `ordered=False` all flow.

    New records are admitted by their lane's order only when a call has room for them: a key that merely waits in the
    queue then holds up no later record. They wait up to `linger` seconds for a call to fill.
    """

    def __init__(self, limits: CallLimits, backoff: Backoff, linger: float, *, ordered: bool) -> None:
        self._limits = limits
        self._backoff = backoff
        self._linger = linger
        self._ordered = ordered
        # What comes back, and what followed, waits as long for new records to travel with.
        self._company = min(linger, _COMPANY)
        self._now = 0.0
        self._orders: dict[Lane, KeyOrder] = {}
        self._new: deque[_Single] = deque()
        self._ready: deque[_Single] = deque()  # retries that are due, and what followed an acknowledged record
        self._ready_records = 0
        self._waiting: list[tuple[float, int, _Single]] = []  # a heap by the time a retry is due
        self._suspects: deque[_Single] = deque()
        self._tie = itertools.count()
        self.queued = 0
        """Records that have not left and could, but for room in a call."""
        self.hasty = False
        """Whether nothing is to wait for a call to fill."""
        self.released = 0
        """Memory given back so far, in bytes as `Records.footprint` counts them."""

    @property
    def held(self) -> int:
        """Records that wait for an earlier one of their key."""
        return sum(order.held for order in list(self._orders.values()))

    def offer(self, lane: Lane, records: Records, now: float) -> None:
        """Take in records of a lane, above all that it was offered before."""
        if lane.abandoned or not records.keys:
            self.released += records.footprint
            return
        self._new.append(_Single(records, lane=lane, due=now + self._linger))
        self.queued += len(records)

    def is_full(self) -> bool:
        """Tell whether enough is queued for the next calls, so that reading more would only take memory."""
        return self.queued >= _QUEUED_CALLS * self._limits.records

    def fill(self, limits: CallLimits, now: float) -> list[Piece]:
        """Take what goes into the next call, possibly nothing."""
        self._now = now
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            self._ready_again(heapq.heappop(waiting)[2], now)
        if self._suspects:
            return [self._suspects.popleft()]
        pieces: list[Piece] = []
        room = limits
        # A call of its own for what comes back, once that is much; else it travels with new records.
        if self._ready_records * 2 >= limits.records:
            room = self._fill_ready(pieces, room)
        if self._may_leave(now):
            room = self._fill_new(pieces, room)
        if pieces or self._may_return(now):
            self._fill_ready(pieces, room)
        return pieces

    def wake_at(self) -> float | None:
        """Tell when `fill` may have something by the passing of time alone, None for never."""
        if self._suspects:
            return 0.0
        moments = [entry[0] for entry in self._waiting[:1]]
        if self._ready:
            moments.append(0.0 if self._may_return(0.0) else self._ready[0].due)
        if self._new:
            moments.append(0.0 if self.hasty or self.queued >= self._limits.records else self._new[0].due)
        return min(moments, default=None)

    def taken(self, piece: Piece, indices: Sequence[int] | None, placements: Sequence[Placement] | None = None) -> int:
        """Note that the target took these records of a piece, or all."""
        single = _single(piece)
        records = single.records if indices is None else single.records.select(indices)
        self.released += records.footprint
        single.lane.watermark.acknowledge(records.offsets)
        self._release(single.lane, records.keys)
        return len(records)

    def failed(self, piece: Piece, indices: Sequence[int] | None, now: float) -> None:
        """Note that these records of a piece, or all, were not taken and must be sent again."""
        single = _single(piece)
        records = single.records if indices is None else single.records.select(indices)
        if single.lane.abandoned:
            self.released += records.footprint
            return
        due = now + self._backoff.wait(single.attempt)
        again = _Single(records, single.attempt + 1, single.lane)
        heapq.heappush(self._waiting, (due, next(self._tie), again))

    def suspected(self, piece: Piece, company: int) -> Iterable[Refused]:
        """Send the records of a refused call in smaller ones, at once since that ends; return what was alone."""
        single = _single(piece)
        records, lane = single.records, single.lane
        if lane.abandoned:
            self.released += records.footprint
            return ()
        if company == 0:
            self.released += records.footprint
            return (Refused(lane, records.offsets[0], records.keys[0], records.data[0]),)
        parts = []
        while len(records) > company:
            first, records = records.split(company)
            parts.append(first)
        parts.append(records)
        self._suspects.extend(_Single(part, single.attempt + 1, lane) for part in parts)
        return ()

    def settle(self, refused: Refused) -> None:
        """Let what follows a refused record go on: its fate is decided elsewhere."""
        self._release(refused.lane, [refused.key])

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Drop what is not under way of lanes that are given up, and what comes back of them."""
        for lane in lanes:
            lane.abandoned = True
            if (order := self._orders.pop(lane, None)) is not None:
                self.released += order.forget()
        waiting = [entry for entry in self._waiting if entry[2].lane.abandoned]
        dropped = [entry[2] for entry in waiting]
        for queue in (self._new, self._ready, self._suspects):
            dropped += [single for single in queue if single.lane.abandoned]
        self.released += sum(single.records.footprint for single in dropped)
        self._new = deque(single for single in self._new if not single.lane.abandoned)
        self._ready = deque(single for single in self._ready if not single.lane.abandoned)
        self._suspects = deque(single for single in self._suspects if not single.lane.abandoned)
        self._waiting = [entry for entry in self._waiting if not entry[2].lane.abandoned]
        heapq.heapify(self._waiting)
        self.queued = sum(len(single.records) for single in self._new)
        self._ready_records = sum(len(single.records) for single in self._ready)

    def _may_leave(self, now: float) -> bool:
        return bool(self._new) and (self.hasty or self.queued >= self._limits.records or now >= self._new[0].due)

    def _may_return(self, now: float) -> bool:
        return bool(self._ready) and (
            self.hasty or self._ready_records * 2 >= self._limits.records or now >= self._ready[0].due
        )

    def _fill_new(self, pieces: list[Piece], room: CallLimits) -> CallLimits:
        while self._new and room.records > 0:
            single = self._new[0]
            if not _fits(single.records, room):
                # Whole runs are acknowledged at once: better a call that is not quite full than runs in parts.
                if pieces:
                    break
                first, single.records = single.records.split(_fitting(single.records, room))
                single = _Single(first, lane=single.lane)
            else:
                self._new.popleft()
            self.queued -= len(single.records)
            if self._ordered:
                order = self._orders.get(single.lane)
                if order is None:
                    order = self._orders[single.lane] = KeyOrder()
                single.records = order.admit(single.records)
            if single.records.keys:
                pieces.append(single)
                room = CallLimits(room.records - len(single.records), room.size - single.records.size)
        return room

    def _fill_ready(self, pieces: list[Piece], room: CallLimits) -> CallLimits:
        while self._ready and room.records > 0:
            single = self._ready[0]
            if not _fits(single.records, room):
                if pieces:
                    break
                count = _fitting(single.records, room)
                first, single.records = single.records.split(count)
                single = _Single(first, single.attempt, single.lane)
            else:
                self._ready.popleft()
            self._ready_records -= len(single.records)
            pieces.append(single)
            room = CallLimits(room.records - len(single.records), room.size - single.records.size)
        return room

    def _release(self, lane: Lane, keys: Sequence[bytes]) -> None:
        order = self._orders.get(lane)
        if order is None:
            return
        following = order.release(keys)
        if following is not None:
            self._ready_again(_Single(following, lane=lane), self._now)

    def _ready_again(self, single: _Single, now: float) -> None:
        single.due = now + self._company
        self._ready.append(single)
        self._ready_records += len(single.records)


def _single(piece: Piece) -> _Single:
    assert isinstance(piece, _Single)  # noqa: S101 - a feed gets back what it gave
    return piece


def _fits(records: Records, room: CallLimits) -> bool:
    return len(records.keys) <= room.records and records.size <= room.size


def _fitting(records: Records, room: CallLimits) -> int:
    """Count how many of the first records fit, one at least: a single one above the limit goes alone."""
    count = min(room.records, len(records))
    if records.size > room.size:
        total = 0
        for index in range(count):
            total += len(records.data[index]) + len(records.keys[index])
            if total > room.size:
                return max(1, index)
    return max(1, count)
