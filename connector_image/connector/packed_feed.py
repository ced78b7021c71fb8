"""The feed of records that travel many to one record of the target, which takes or refuses them as one.

Those that must stay in order travel one packed record after the other: the next one leaves when the one before it is
acknowledged. So no key is watched, however often it repeats.
"""

import heapq
import itertools
import sys
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.backoff import Backoff
from connector.batch import Records, records
from connector.feed import CallLimits, Lane, Piece, Refused
from connector.gate import Gate
from connector.outcome import Placements
from connector.packing import Packing, Part

_NO_LIMIT: Final = sys.maxsize


@dataclass(slots=True, eq=False)
class _Queue:
    """What travels one packed record after the other."""

    parts: deque[Part] = field(default_factory=deque)
    size: int = 0
    due: float = 0.0
    attempt: int = 0
    most: int = _NO_LIMIT
    """Records in one packed record at most, while one of them is suspected to be refused for itself."""
    is_under_way: bool = False
    is_ripe: bool = False


@dataclass(slots=True, eq=False)
class _Parcel(Piece):
    """One packed record."""

    queue: _Queue = field(default_factory=_Queue)
    parts: list[Part] = field(default_factory=list)
    content: Records | None = None


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
        self._queues: dict[Hashable, _Queue] = {}
        self._ripe: deque[_Queue] = deque()  # may leave now
        self._lingering: list[tuple[float, int, _Queue]] = []  # a heap by when they may
        self._suspects: deque[_Queue] = deque()  # leave alone
        self._tie = itertools.count()
        self._waiting = 0  # bytes of data
        self._under_way = 0
        self._paced: set[_Queue] = set()
        self.waited = 0
        """Records so far that had to wait for an earlier one of their key: none."""
        self._has_moved = False
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
            queue = self._queues.setdefault(name, _Queue())
            if not queue.parts:
                queue.due = now + self._linger
            self._append(queue, Part(lane, routed))
            self._consider(queue)

    def is_full(self) -> bool:
        """Tell whether enough is queued for the next calls, so that reading more would only take memory."""
        return self._waiting >= self._ahead

    def fill(self, limits: CallLimits, now: float) -> list[Piece]:
        """Take what goes into the next call, possibly nothing."""
        self._now = now
        if not self._packing.is_settled():
            return []
        self._has_moved = self._packing.has_moved() or self._has_moved
        if self._has_moved:
            # What is under way by the old routes comes first, or a later record could overtake it.
            if self._under_way:
                return []
            self._reroute(now)
            self._has_moved = False
        while self._lingering and self._lingering[0][0] <= now:
            self._ripen(heapq.heappop(self._lingering)[2])
        if self.hasty or self.is_full():
            for queue in self._queues.values():
                if queue.due <= now or not queue.attempt:
                    self._ripen(queue)
        while self._suspects:
            if (queue := self._suspects.popleft()).parts:
                return [self._parcel(queue)]
        return list(self._parcels(limits))

    def wake_at(self) -> float | None:
        """Tell when `fill` may have something by the passing of time alone, None for never."""
        if self._ripe or self._suspects:
            return 0.0
        return self._lingering[0][0] if self._lingering else None

    def taken(self, piece: Piece, indices: Sequence[int] | None, placements: Placements | None = None) -> int:
        """Note that the target took a packed record; if that was in vain it is sent again."""
        del indices  # a packed record is one, taken or not
        parcel = _parcel(piece)
        queue = self._landed(parcel)
        if parcel.content is not None and self._packing.is_in_vain(parcel.content, placements):
            queue.attempt += 1
            self._put_back(parcel)
            self._consider(queue)
            return 0
        count = 0
        for lane, done in parcel.parts:
            self.released += done.footprint
            lane.watermark.acknowledge(done.offsets)
            count += len(done)
        queue.attempt = 0
        queue.most = min(_NO_LIMIT, queue.most * 2)
        self._consider(queue)
        return count

    def failed(self, piece: Piece, indices: Sequence[int] | None, now: float) -> None:
        """Note that a packed record was not taken: it is taken apart, and packed anew when it is due."""
        del indices
        parcel = _parcel(piece)
        queue = self._landed(parcel)
        queue.due = now + self._backoff.wait(queue.attempt)
        queue.attempt += 1
        self._put_back(parcel)
        if queue.parts:
            heapq.heappush(self._lingering, (queue.due, next(self._tie), queue))

    def suspected(self, piece: Piece, company: int) -> Iterable[Refused]:
        """Send what a refused call held again: alone, then in halves, until the record at fault is alone."""
        parcel = _parcel(piece)
        queue = self._landed(parcel)
        lane, content = parcel.parts[0]
        count = sum(len(part.records) for part in parcel.parts)
        if company == 0 and count == 1:
            self.released += content.footprint
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
            dropped = [part for part in queue.parts if part.lane.abandoned]
            self.released += sum(part.records.footprint for part in dropped)
            self._shrink(queue, sum(_data_size(part.records) for part in dropped))
            queue.parts = deque(part for part in queue.parts if not part.lane.abandoned)
        self._queues = {name: queue for name, queue in self._queues.items() if queue.parts or queue.is_under_way}

    def _append(self, queue: _Queue, part: Part) -> None:
        size = _data_size(part.records)
        queue.parts.append(part)
        queue.size += size
        self._waiting += size

    def _shrink(self, queue: _Queue, size: int) -> None:
        queue.size -= size
        self._waiting -= size

    def _consider(self, queue: _Queue) -> None:
        """See whether a queue may leave, now or when it has lingered."""
        if queue.is_under_way or queue.is_ripe or not queue.parts:
            return
        if queue.size >= self._packing.worth and not queue.attempt:
            self._ripen(queue)
        else:
            heapq.heappush(self._lingering, (queue.due, next(self._tie), queue))

    def _ripen(self, queue: _Queue) -> None:
        if queue.parts and not queue.is_under_way and not queue.is_ripe:
            queue.is_ripe = True
            self._ripe.append(queue)

    def _parcels(self, limits: CallLimits) -> Iterator[_Parcel]:
        room_records, room_size = limits
        while self._ripe and room_records:
            queue = self._ripe[0]
            if not queue.parts or queue.is_under_way:
                self._ripe.popleft().is_ripe = False
                continue
            parcel = self._parcel(queue)
            if parcel.records.size > room_size and room_size < limits.size:
                self._landed(parcel)
                self._put_back(parcel)
                return
            self._ripe.popleft().is_ripe = False
            if not self._is_let_through(parcel):
                continue
            room_records -= 1
            room_size -= parcel.records.size
            yield parcel

    def _is_let_through(self, parcel: _Parcel) -> bool:
        """Ask the gate; what it holds back is put aside until it may go."""
        if self._gate is None or not self._gate.is_engaged:
            self._paced.clear()
            return True
        (place,) = self._gate.places(parcel.records)
        if self._gate.grant(place, [parcel.records.size], self._now):
            self._paced.discard(parcel.queue)
            return True
        self._paced.add(parcel.queue)
        queue = self._landed(parcel)
        self._put_back(parcel)
        queue.due = self._gate.ready_at(place, self._now)
        heapq.heappush(self._lingering, (queue.due, next(self._tie), queue))
        return False

    def _parcel(self, queue: _Queue) -> _Parcel:
        parts: list[Part] = []
        for count in self._packing.fitting((part.records for part in queue.parts), queue.most):
            lane, content = queue.parts.popleft()
            if count < len(content):
                content, rest = content.split(count)
                queue.parts.appendleft(Part(lane, rest))
            parts.append(Part(lane, content))
        content = _joined([part.records for part in parts])
        self._shrink(queue, _data_size(content))
        queue.is_under_way = True
        self._under_way += 1
        return _Parcel(self._packing.pack(content), queue.attempt, queue, parts, content)

    def _landed(self, parcel: _Parcel) -> _Queue:
        self._under_way -= 1
        parcel.queue.is_under_way = False
        return parcel.queue

    def _put_back(self, parcel: _Parcel) -> None:
        queue = parcel.queue
        for part in reversed(parcel.parts):
            if part.lane.abandoned:
                self.released += part.records.footprint
                continue
            size = _data_size(part.records)
            queue.parts.appendleft(part)
            queue.size += size
            self._waiting += size

    def _reroute(self, now: float) -> None:
        """Route everything that waits anew, in the order in which it was read."""
        by_lane: dict[Lane, list[tuple[int, bytes, bytes, str | None]]] = {}
        for queue in self._queues.values():
            for lane, content in queue.parts:
                hash_keys: Sequence[str | None] = content.hash_keys or [None] * len(content)
                by_lane.setdefault(lane, []).extend(
                    zip(content.offsets, content.keys, content.data, hash_keys, strict=True)
                )
        self._queues, self._waiting = {}, 0
        self._ripe.clear()
        self._lingering.clear()
        self._suspects.clear()
        self._paced.clear()
        for lane, waiting in by_lane.items():
            waiting.sort(key=lambda record: record[0])
            offsets, keys, data, named = map(list, zip(*waiting, strict=True))
            self.offer(lane, records(keys, data, offsets, None if named[0] is None else named), now - self._linger)


def _parcel(piece: Piece) -> _Parcel:
    assert isinstance(piece, _Parcel)  # noqa: S101 - a feed gets back what it gave
    return piece


def _data_size(content: Records) -> int:
    return content.size - sum(map(len, content.keys))


def _joined(contents: Sequence[Records]) -> Records:
    if len(contents) == 1:
        return contents[0]
    hash_keys = [key for each in contents for key in each.hash_keys or ()]
    return Records(
        [key for each in contents for key in each.keys],
        [data for each in contents for data in each.data],
        [offset for each in contents for offset in each.offsets],
        sum(each.size for each in contents),
        hash_keys if contents[0].hash_keys is not None else None,
    )
