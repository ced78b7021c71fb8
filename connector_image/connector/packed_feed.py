"""The feed of records that travel many to one record of the target, which takes or refuses them as one.

Those that must stay in order travel one packed record after the other: the next one leaves when the one before it is
acknowledged. So no key is watched, however often it repeats.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Final

from connector.backoff import Backoff
from connector.batch import Records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.gate import Gate
from connector.outcome import Placements
from connector.packing import Packing
from connector.parcels import NO_LIMIT, Parcel, Queue, as_read

# While routes are not settled they are looked at so often, in seconds: nobody calls.
_LOOKS: Final = 0.05


class PackedFeed:
    """Lets at most one packed record of those that must stay in order be under way.

    Records wait up to `linger` seconds for company; `ahead` is how many bytes of them are enough for the next calls.
    """

    def __init__(self, packing: Packing, backoff: Backoff, linger: float, ahead: int, gate: Gate | None = None) -> None:
        self._packing = packing
        self._backoff = backoff
        self._linger = linger
        self._ahead = ahead
        self._gate = gate
        self._now = 0.0
        self._queues: dict[Hashable, Queue] = {}
        self._ripe: deque[Queue] = deque()  # may leave now
        self._lingering: list[tuple[float, int, Queue]] = []  # a heap by when they may
        self._suspects: deque[Queue] = deque()  # leave alone
        self._paced: set[Queue] = set()  # the gate holds more of them back than leaves
        self._undecided: list[tuple[Parcel, Placements | None]] = []  # taken, perhaps in vain: still under way
        self._tie = itertools.count()
        self._waiting = 0  # bytes of keys and data
        self._under_way = 0
        self._has_moved = False
        self._failing: set[Queue] = set()
        self.on_late: Callable[[int], None] = lambda _: None
        """Hears how many messages were acknowledged later than `taken` was told of them."""
        self.waited = 0
        """Records so far that had to wait for an earlier one of their key: none."""
        self.hasty = False
        """Whether nothing is to wait for company."""
        self.released = 0
        """Memory given back so far, in bytes as `Records.footprint` counts them."""

    @property
    def held(self) -> int:
        """Records that wait for an earlier one of their key: none, they travel with it."""
        return 0

    @property
    def paced(self) -> int:
        """Records that wait because their shard refused too many."""
        return sum(len(part.records) for queue in list(self._paced) for part in list(queue.parts))

    def offer(self, lane: Lane, incoming: Records, now: float) -> None:
        """Take in records of a lane, above all that it was offered before."""
        if lane.abandoned:
            self.released += incoming.footprint
            return
        if not incoming.keys:
            return
        for name, routed in self._packing.routes(lane, incoming):
            queue = self._queues.get(name)
            if queue is None:
                queue = self._queues[name] = Queue(name)
            if not queue.parts:
                queue.due = now + self._linger
            queue.append(lane, routed)
            self._waiting += routed.size
            self._consider(queue)

    def is_full(self) -> bool:
        """Tell whether enough is queued for the next calls, so that reading more would only take memory.

        What the gate holds back, or waits to be sent again, is nothing for the next calls; others may need what can be
        read meanwhile.
        """
        return self._waiting - sum(queue.size for queue in self._paced | self._failing) >= self._ahead

    def fill(self, limits: CallLimits, now: float) -> list[Piece]:
        """Take what goes into the next call, possibly nothing."""
        self._now = now
        if not self._is_routed():
            return []
        while self._lingering and self._lingering[0][0] <= now:
            self._ring(*heapq.heappop(self._lingering))
        if self.hasty or self.is_full():
            for queue in self._queues.values():
                if self._may_hurry(queue):
                    self._ripen(queue)
        while self._suspects:
            if (queue := self._suspects.popleft()).parts:
                return [self._packed(queue)]
        return list(self._parcels(limits))

    def wake_at(self) -> float | None:
        """Tell when `fill` may have something by the passing of time alone, None for never."""
        if not self._packing.is_settled():
            return self._now + _LOOKS
        if self._undecided:
            return 0.0
        if self._has_moved and self._under_way:
            return None
        if self._ripe or self._suspects:
            return 0.0
        return self._lingering[0][0] if self._lingering else None

    def taken(self, piece: Piece, placements: Placements | None = None) -> int:
        """Note that the target took a packed record; if that was in vain it is sent again.

        Whether it was may be known later only; it counts as under way until then.
        """
        parcel = Parcel.of(piece)
        in_vain = self._packing.is_in_vain(parcel.queue.name, parcel.content, placements, parcel.judged)
        if in_vain is None:
            parcel.judged += 1
            self._undecided.append((parcel, placements))
            return 0
        queue = self._landed(parcel)
        if in_vain:
            queue.attempt += 1
            self._put_back(parcel)
            self._consider(queue)
            return 0
        self.released += parcel.content.footprint
        parcel.acknowledge()
        queue.attempt = 0
        self._failing.discard(queue)
        queue.most = min(NO_LIMIT, queue.most * 2)
        self._consider(queue)
        return len(parcel.content)

    def failed(self, piece: Piece, indices: Sequence[int] | None, now: float) -> None:
        """Note that a packed record was not taken: it is taken apart, and packed anew when it is due."""
        del indices  # a packed record is one, taken or not
        parcel = Parcel.of(piece)
        queue = self._landed(parcel)
        queue.due = now + self._backoff.wait(queue.attempt)
        queue.attempt += 1
        self._failing.add(queue)
        self._put_back(parcel)
        self._consider(queue)

    def suspected(self, piece: Piece, company: int, *, at_fault: bool) -> Iterable[Refused]:
        """Send what a refused call held again: alone, then in halves, until the record at fault is alone."""
        parcel = Parcel.of(piece)
        parcel.queue.doubt = None if at_fault else parcel.doubt
        count = len(parcel.content)
        if company == 0 and count == 1 and not at_fault:
            parcel.queue.most = 1
            self.failed(parcel, None, self._now)
            return ()
        queue = self._landed(parcel)
        if at_fault:
            (part,) = parcel.parts
            lane, content = part.lane, part.records
            self.released += content.footprint
            queue.attempt = 0
            self._failing.discard(queue)
            self._consider(queue)
            return () if lane.abandoned else (Refused(lane, content.offsets[0], content.keys[0], content.data[0]),)
        queue.attempt += 1
        queue.most = max(1, count // 2) if company == 0 else count
        self._put_back(parcel)
        self._suspects.append(queue)
        return ()

    def settle(self, refused: Refused) -> None:
        """Let what follows a refused record go on; it does already."""

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Drop what is not under way of lanes that are given up, and what comes back of them."""
        for lane in lanes:
            lane.abandoned = True
        for queue in self._queues.values():
            self.released += queue.drop_abandoned()
        self._waiting = sum(queue.size for queue in self._queues.values())
        self._queues = {name: queue for name, queue in self._queues.items() if queue.parts or queue.is_under_way}
        self._failing.intersection_update(self._queues.values())

    def _may_hurry(self, queue: Queue) -> bool:
        """Tell whether only its linger holds a queue back."""
        return not queue.attempt and queue not in self._paced

    def _consider(self, queue: Queue) -> None:
        """See whether a queue may leave, now or when it is due."""
        if queue.is_under_way or queue.is_ripe or not queue.parts:
            return
        if queue.size >= self._packing.worth and self._may_hurry(queue):
            self._ripen(queue)
        elif queue.timer is None or queue.timer > queue.due:
            queue.timer = queue.due
            heapq.heappush(self._lingering, (queue.due, next(self._tie), queue))

    def _ring(self, moment: float, _: int, queue: Queue) -> None:
        """Let a queue leave that is due; it may have become so later than it was when the timer was set."""
        if queue.timer != moment:
            return
        queue.timer = None
        if queue.due <= moment:
            self._ripen(queue)
        else:
            self._consider(queue)

    def _ripen(self, queue: Queue) -> None:
        if queue.parts and not queue.is_under_way and not queue.is_ripe:
            queue.is_ripe = True
            self._ripe.append(queue)

    def _parcels(self, limits: CallLimits) -> Iterator[Parcel]:
        room_records, room_size = limits
        while self._ripe and room_records:
            queue = self._ripe[0]
            place = self._open_place(queue) if queue.parts and not queue.is_under_way else None
            if place is None:
                self._ripe.popleft().is_ripe = False
                self._consider(queue)
                continue
            parcel = self._packed(queue)
            size = parcel.records.size
            if size > room_size and room_size < limits.size:
                self._put_back(parcel)
                self._landed(parcel)
                return
            self._ripe.popleft().is_ripe = False
            if not queue.parts:
                self._paced.discard(queue)
            if self._gate is not None and self._gate.is_engaged:
                self._gate.grant(place, [size], self._now)
            room_records -= 1
            room_size -= size
            yield parcel

    def _open_place(self, queue: Queue) -> str | None:
        """Return the place in the target that a queue goes to, None where the gate holds it back.

        It is asked before anything is packed: what waits longest would be packed and taken apart most often.
        """
        if self._gate is None or not self._gate.is_engaged:
            self._paced.clear()
            return ""
        first = queue.parts[0].records.select([0])
        (place,) = self._gate.places(first)
        due = self._gate.ready_at(place, self._now)
        if due <= self._now:
            return place
        self._gate.grant(place, [first.size], self._now)  # so it knows that more is wanted than goes
        queue.due = due
        self._paced.add(queue)
        return None

    def _packed(self, queue: Queue) -> Parcel:
        parcel = queue.take(self._packing.fitting(queue.parts, queue.most))
        parcel.records = self._packing.pack(parcel.content)
        self._waiting -= parcel.content.size
        self._under_way += 1
        return parcel

    def _landed(self, parcel: Parcel) -> Queue:
        self._under_way -= 1
        parcel.queue.is_under_way = False
        return parcel.queue

    def _put_back(self, parcel: Parcel) -> None:
        before = parcel.queue.size
        self.released += parcel.queue.put_back(parcel)
        self._waiting += parcel.queue.size - before

    def _is_routed(self) -> bool:
        """Follow the target's places when they move; tell whether everything waits where it belongs."""
        if self._undecided and self._packing.is_settled():
            undecided, self._undecided = self._undecided, []
            for parcel, placements in undecided:
                self.on_late(self.taken(parcel, placements))
        if not self._packing.is_settled():
            return False
        self._has_moved = self._packing.has_moved() or self._has_moved
        if self._has_moved:
            # What is under way by the old routes comes first, or a later record could overtake it.
            if self._under_way:
                return False
            self._reroute()
            self._has_moved = False
        return True

    def _reroute(self) -> None:
        """Route everything that waits anew, in the order in which it was read."""
        waiting = as_read(self._queues.values())
        self._queues, self._waiting = {}, 0
        self._ripe.clear()
        self._lingering.clear()
        self._suspects.clear()
        self._failing.clear()
        self._paced.clear()
        for lane, incoming in waiting:
            self.offer(lane, incoming, self._now - self._linger)
