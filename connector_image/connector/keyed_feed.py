"""The feed of records that travel one by one: the order of each key, retries, and the search for a record at fault."""

import heapq
import itertools
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from connector.backoff import Backoff
from connector.batch import Records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.gate import Gate
from connector.ordering import KeyOrder
from connector.outcome import Placements
from connector.singles import Singles, fits, fitting

# More would not be faster: what was just read is still in the processor's cache.
_QUEUED_CALLS: Final = 2
# Pieces that together have no more records become one: to settle a piece costs as much as thirty records.
_FEW: Final = 32
# Seconds; less than anybody notices, and enough to spare many small calls.
_COMPANY: Final = 0.005
_LONGEST_COMPANY: Final = 0.1


class KeyedFeed:
    """Lets at most one record of a key be under way; with `ordered=False` all flow.

    New records are admitted by their lane's order only when a call has room for them: a key that merely waits in the
    queue then holds up no later record. They wait up to `linger` seconds for a call to fill.
    """

    def __init__(
        self, limits: CallLimits, backoff: Backoff, linger: float, *, ordered: bool, gate: Gate | None = None
    ) -> None:
        self._limits = limits
        self._backoff = backoff
        self._linger = linger
        self._ordered = ordered
        self._gate = gate
        self._held_back: dict[str, deque[Singles]] = {}  # by the gate, by their place
        # What comes back, and what followed, waits as long for new records to travel with.
        self._company = min(linger, _COMPANY)
        self._now = 0.0
        self._orders: dict[Lane, KeyOrder] = {}
        self._new: deque[Singles] = deque()
        self._ready: deque[Singles] = deque()  # retries that are due, and what followed an acknowledged record
        self._ready_records = 0
        self._waiting: list[tuple[float, int, Singles]] = []  # a heap by the time a retry is due
        self._suspects: deque[Singles] = deque()
        self._tie = itertools.count()
        self.waited = 0
        """Records so far that had to wait for an earlier one of their key."""
        self.queued = 0
        """Records that have not left and could, but for room in a call."""
        self.hasty = False
        """Whether nothing is to wait for a call to fill."""
        self.released = 0
        """Memory given back so far, in bytes as `Records.footprint` counts them."""

    @property
    def paced(self) -> int:
        """Records that wait because their place in the target refused too many."""
        return sum(len(single.records) for queue in list(self._held_back.values()) for single in list(queue))

    @property
    def held(self) -> int:
        """Records that wait for an earlier one of their key."""
        return sum(order.held for order in list(self._orders.values()))

    def offer(self, lane: Lane, records: Records, now: float) -> None:
        """Take in records of a lane, above all that it was offered before."""
        if lane.abandoned or not records.keys:
            self.released += records.footprint
            return
        self._new.append(Singles(records, lane=lane, due=now + self._linger))
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
        if self._held_back:
            room = self._fill_held_back(pieces, room, now)
        # A call of its own for what comes back, once that is much; else it travels with new records.
        # It has one too when no room is left for it for long, because records are large.
        if self._ready_records * 2 >= limits.records or self._is_overdue(now):
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
        if self._gate is not None:
            moments += [self._gate.ready_at(place, self._now) for place in self._held_back]
        if self._new:
            moments.append(0.0 if self.hasty or self.queued >= self._limits.records else self._new[0].due)
        return min(moments, default=None)

    def taken(self, piece: Piece, placements: Placements | None = None) -> int:
        """Note that the target took the records of a piece."""
        del placements  # where a record lies is nothing to one that travels for itself
        single = Singles.of(piece)
        self.released += single.records.footprint
        single.lane.watermark.acknowledge(single.records.offsets)
        self._release(single.lane, single.records.keys)
        return len(single.records)

    def failed(self, piece: Piece, indices: Sequence[int] | None, now: float) -> None:
        """Note that these records of a piece, or all, were not taken and must be sent again."""
        single = Singles.of(piece)
        records = single.records if indices is None else single.records.take_out(indices)
        if single.lane.abandoned:
            self.released += records.footprint
            return
        records.hold()  # or a few of them would keep the body of a whole call in memory
        due = now + self._backoff.wait(single.attempt)
        heapq.heappush(self._waiting, (due, next(self._tie), single.made_of(records, single.attempt + 1)))

    def suspected(self, piece: Piece, company: int, *, at_fault: bool) -> Iterable[Refused]:
        """Send the records of a refused call in smaller ones, at once since that ends; return what is at fault."""
        single = Singles.of(piece)
        records, lane = single.records, single.lane
        if lane.abandoned:
            self.released += records.footprint
            return ()
        if at_fault:
            self.released += records.footprint
            return (Refused(lane, records.offsets[0], records.keys[0], records.data[0]),)
        if company == 0:
            self.failed(piece, None, self._now)
            return ()
        parts = []
        while len(records) > company:
            first, records = records.split(company)
            parts.append(first)
        parts.append(records)
        self._suspects.extend(single.made_of(part, single.attempt + 1) for part in parts)
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
        for queue in (self._new, self._ready, self._suspects, *self._held_back.values()):
            dropped += [single for single in queue if single.lane.abandoned]
        self.released += sum(single.records.footprint for single in dropped)
        self._new = deque(single for single in self._new if not single.lane.abandoned)
        self._ready = deque(single for single in self._ready if not single.lane.abandoned)
        self._suspects = deque(single for single in self._suspects if not single.lane.abandoned)
        self._held_back = {
            place: living
            for place, queue in self._held_back.items()
            if (living := deque(single for single in queue if not single.lane.abandoned))
        }
        self._waiting = [entry for entry in self._waiting if not entry[2].lane.abandoned]
        heapq.heapify(self._waiting)
        self.queued = sum(len(single.records) for single in self._new)
        self._ready_records = sum(len(single.records) for single in self._ready)

    def _may_leave(self, now: float) -> bool:
        return bool(self._new) and (self.hasty or self.queued >= self._limits.records or now >= self._new[0].due)

    def _is_overdue(self, now: float) -> bool:
        return bool(self._ready) and now >= self._ready[0].due + _LONGEST_COMPANY

    def _may_return(self, now: float) -> bool:
        return bool(self._ready) and (
            self.hasty or self._ready_records * 2 >= self._limits.records or now >= self._ready[0].due
        )

    def _fill_new(self, pieces: list[Piece], room: CallLimits) -> CallLimits:
        while self._new and room.records > 0:
            single = self._new[0]
            if not fits(single.records, room):
                # Whole runs are acknowledged at once: better a call that is not quite full than runs in parts.
                if pieces:
                    break
                first, single.records = single.records.split(fitting(single.records, room))
                single = Singles(first, lane=single.lane)
            else:
                self._new.popleft()
            self.queued -= len(single.records)
            if self._ordered:
                order = self._orders.get(single.lane)
                if order is None:
                    order = self._orders[single.lane] = KeyOrder()
                held = order.held
                order.admit(single.records)
                self.waited += order.held - held
            room = self._let_through(single, pieces, room)
        return room

    def _fill_ready(self, pieces: list[Piece], room: CallLimits) -> CallLimits:
        while self._ready and room.records > 0:
            single = self._ready[0]
            if not fits(single.records, room):
                if pieces:
                    break
                first, single.records = single.records.split(fitting(single.records, room))
                single = single.made_of(first, single.attempt)
            else:
                self._ready.popleft()
            self._ready_records -= len(single.records)
            room = self._let_through(single, pieces, room)
        return room

    def _let_through(self, single: Singles, pieces: list[Piece], room: CallLimits) -> CallLimits:
        """Put into a call what the gate lets through of some records, and the rest aside."""
        if self._gate is not None and self._gate.is_engaged and single.records.keys:
            allowed: list[int] = []
            for place, indices in self._gate.places(single.records).items():
                data = single.records.data
                behind = place in self._held_back
                count = 0 if behind else self._gate.grant(place, [len(data[index]) for index in indices], self._now)
                allowed += indices[:count]
                if count < len(indices):
                    waiting = self._held_back.setdefault(place, deque())
                    waiting.append(single.some(indices[count:]))
            if len(allowed) < len(single.records):
                single = single.some(sorted(allowed))
        if not single.records.keys:
            return room
        pieces.append(single)
        return CallLimits(room.records - len(single.records), room.size - single.records.size)

    def _fill_held_back(self, pieces: list[Piece], room: CallLimits, now: float) -> CallLimits:
        gate = self._gate
        for place, waiting in list(self._held_back.items()):
            while gate is not None and waiting and room.records > 0:
                single = waiting[0]
                most = len(single.records) if fits(single.records, room) else fitting(single.records, room)
                if pieces and not fits(single.records, room):
                    break
                count = gate.grant(place, list(map(len, single.records.data[:most])), now)
                if count == 0:
                    break
                if count < len(single.records):
                    waiting[0] = single.some(range(count, len(single.records)))
                    single = single.some(range(count))
                else:
                    waiting.popleft()
                pieces.append(single)
                room = CallLimits(room.records - len(single.records), room.size - single.records.size)
            if not waiting:
                del self._held_back[place]
        return room

    def _release(self, lane: Lane, keys: Sequence[bytes]) -> None:
        order = self._orders.get(lane)
        if order is not None and (following := order.release(keys)) is not None:
            self._ready_again(Singles(following, lane=lane), self._now)

    def _ready_again(self, single: Singles, now: float) -> None:
        self._ready_records += len(single.records)
        for other in self._ready:
            if other.lane is single.lane and other.attempt == single.attempt and _are_few(other, single):
                other.join(single)
                return
        single.due = now + self._company
        self._ready.append(single)


def _are_few(first: Singles, second: Singles) -> bool:
    return len(first.records) + len(second.records) <= _FEW
