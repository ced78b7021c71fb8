"""Decides what is sent when: the engine's rules without its input and output.

Records go in by lane (one per assigned partition), calls come out, and each call comes back with its
outcome. Time is an argument. One thread owns a dispatcher; only the counters and the watermarks'
positions, single assignments, are read by others.
"""

import heapq
import itertools
import sys
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from connector.backoff import Backoff
from connector.batch import Partition, Records
from connector.circuit import Circuit
from connector.errors import Undeliverable
from connector.ordering import KeyOrder
from connector.outcome import CallFailure, Outcome
from connector.sequences import Sequences
from connector.watermark import Watermark

# Keys whose last sequence number is surely remembered, of one lane: half a megabyte or one.
SEQUENCES_PER_LANE: Final = 2_000


class Observer(Protocol):
    """Hears what happened to records."""

    def acknowledged(self, count: int) -> None:
        """So many records were taken."""

    def failed(self, code: str, count: int) -> None:
        """So many records were not taken, for this reason; they will be sent again."""

    def resent(self, count: int) -> None:
        """So many records left again."""

    def inverted(self, partition: Partition, count: int) -> None:
        """So many sequence numbers were below that of an earlier record of their key."""

    def call_failed(self, failure: CallFailure) -> None:
        """A call failed as a whole."""

    def circuit_changed(self, circuit: Circuit) -> None:
        """The circuit opened or closed."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may hold: records, and their bytes as `Records.size` counts them."""

    records: int
    size: int


@dataclass(slots=True, eq=False)
class Lane:
    """One assigned partition on its way through: its order and how far it is acknowledged."""

    partition: Partition
    watermark: Watermark = field(default_factory=Watermark)
    order: KeyOrder | None = field(default_factory=KeyOrder)
    barrier: int | None = None
    """The offset of a record that the target never takes; nothing from it on will be acknowledged."""
    sequences: Sequences = field(default_factory=lambda: Sequences(SEQUENCES_PER_LANE))
    abandoned: bool = False


@dataclass(slots=True)
class Piece:
    """Records of one lane that travel together; `attempt` counts how often they were sent before.

    `company` is how many records a call that holds some of them may have at most: a call that is refused for its
    content is sent again in halves, until the record at fault is alone.
    New ones are admitted by the lane's order only when a call has room for them: a key that merely
    waits in the queue then holds up no later record.
    """

    lane: Lane
    records: Records
    attempt: int = 0
    admitted: bool = True
    company: int = sys.maxsize


@dataclass(slots=True)
class Call:
    """The content of one request."""

    pieces: list[Piece]

    def __len__(self) -> int:
        return sum(len(piece.records) for piece in self.pieces)

    @property
    def keys(self) -> list[str]:
        """The partition keys of all records in order."""
        if len(self.pieces) == 1:
            return self.pieces[0].records.keys
        return [key for piece in self.pieces for key in piece.records.keys]

    @property
    def data(self) -> list[bytes]:
        """The data of all records in order."""
        if len(self.pieces) == 1:
            return self.pieces[0].records.data
        return [data for piece in self.pieces for data in piece.records.data]


class Dispatcher:
    """Orders, packs, retries and acknowledges."""

    def __init__(self, limits: CallLimits, backoff: Backoff, circuit: Circuit, observer: Observer) -> None:
        self._limits = limits
        self._backoff = backoff
        self._observer = observer
        self._ready: deque[Piece] = deque()
        self._waiting: list[tuple[float, int, Piece]] = []  # a heap by the time a retry is due
        self._tie = itertools.count()
        self.circuit = circuit
        self.released = 0
        """Memory given back so far, in bytes as `Records.footprint` counts them."""
        self.dequeued = 0
        """New records that have left the queue so far."""
        self.in_flight = 0
        """Records in calls that are under way."""
        self.undeliverable: Undeliverable | None = None
        """The first record that the target refused for itself."""

    def offer(self, lane: Lane, records: Records, dropped: Sequence[int] = ()) -> None:
        """Take in records of a lane and offsets that need no sending, above all that it was offered before."""
        if dropped:
            lane.watermark.track(sorted([*records.offsets, *dropped]))
            lane.watermark.acknowledge(dropped)
        else:
            lane.watermark.track(records.offsets)
        if len(records):
            self._ready.append(Piece(lane, records, admitted=False))

    def next_call(self, now: float) -> Call | None:
        """Pack the next call, or return None when nothing may be sent now."""
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.appendleft(heapq.heappop(self._waiting)[2])
        if not self._ready or not self.circuit.allows(now):
            return None
        call = self._pack()
        if not call.pieces:
            return None
        self.circuit.started()
        self.in_flight += len(call)
        if resent := sum(len(piece.records) for piece in call.pieces if piece.attempt):
            self._observer.resent(resent)
        return call

    def wake_at(self) -> float | None:
        """Tell when `next_call` may have something that it has not now, None when only an outcome can."""
        if self._ready:
            return self.circuit.reopens_at
        if not self._waiting:
            return None
        return max(self._waiting[0][0], self.circuit.reopens_at or 0.0)

    def settle(self, call: Call, outcome: Outcome, now: float) -> None:
        """Take in what became of a call."""
        self.in_flight -= len(call)
        if isinstance(outcome, CallFailure):
            self._settle_failure(call, outcome, now)
            return
        if self.circuit.succeeded():
            self._observer.circuit_changed(self.circuit)
        start = 0
        for piece in call.pieces:
            end = start + len(piece.records)
            numbers = outcome.numbers[start:end] if outcome.numbers is not None else None
            codes = outcome.codes[start:end] if outcome.codes is not None else None
            self._settle_piece(piece, codes, numbers, now)
            start = end

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Drop what is not under way of lanes that are given up; calls that are run out, unobserved."""
        for lane in lanes:
            lane.abandoned = True
            if lane.order:
                self.released += lane.order.forget()
        dropped = [piece for piece in self._ready if piece.lane.abandoned]
        dropped += [piece for _, _, piece in self._waiting if piece.lane.abandoned]
        self.released += sum(piece.records.footprint for piece in dropped)
        self.dequeued += sum(len(piece.records) for piece in dropped if not piece.admitted)
        self._ready = deque(piece for piece in self._ready if not piece.lane.abandoned)
        self._waiting = [entry for entry in self._waiting if not entry[2].lane.abandoned]
        heapq.heapify(self._waiting)

    def _pack(self) -> Call:
        pieces: list[Piece] = []
        count, size = 0, 0
        ready, limits = self._ready, self._limits
        room = limits.records
        while ready and count < min(room, ready[0].company):
            piece = ready[0]
            room = min(room, piece.company)
            fits = _fitting(piece.records, room - count, limits.size - size)
            if fits < len(piece.records):
                # Whole runs are acknowledged at once: better a call that is not quite full than runs in parts.
                if count * 2 >= room or size * 2 >= limits.size or (fits == 0 and pieces):
                    break
                # A single record above the limit goes alone; what checks records lets none through.
                first, rest = piece.records.split(max(fits, 1))
                piece.records = rest
                piece = replace(piece, records=first)
            else:
                ready.popleft()
            self._admit(piece)
            if not len(piece.records):
                continue
            pieces.append(piece)
            count += len(piece.records)
            size += piece.records.size
        return Call(pieces)

    def _admit(self, piece: Piece) -> None:
        if piece.admitted:
            return
        self.dequeued += len(piece.records)
        if piece.lane.order is not None:
            piece.records = piece.lane.order.admit(piece.records)
        piece.admitted = True

    def _settle_failure(self, call: Call, failure: CallFailure, now: float) -> None:
        self._observer.call_failed(failure)
        self._observer.failed(failure.code, len(call))
        if failure.refuses_content:
            self._settle_refusal(call, failure)
            return
        reason = f"{failure.code}: {failure.message}"
        if self.circuit.failed(reason, now, permanent=failure.permanent):
            self._observer.circuit_changed(self.circuit)
        for piece in call.pieces:
            self._retry(piece, piece.records, now)

    def _settle_refusal(self, call: Call, failure: CallFailure) -> None:
        """Look for the record at fault: halve the company in which the records go, at once since that ends."""
        if self.circuit.succeeded():
            self._observer.circuit_changed(self.circuit)
        company = len(call) // 2
        if company == 0:
            self._stop_at(call.pieces[0], failure)
            return
        for piece in reversed(call.pieces):
            if piece.lane.abandoned:
                self.released += piece.records.footprint
            else:
                self._ready.appendleft(replace(piece, attempt=piece.attempt + 1, company=company))

    def _stop_at(self, piece: Piece, failure: CallFailure) -> None:
        offset = piece.records.offsets[0]
        self.released += piece.records.footprint
        if piece.lane.abandoned:
            return
        piece.lane.barrier = offset if piece.lane.barrier is None else min(offset, piece.lane.barrier)
        self.undeliverable = self.undeliverable or Undeliverable(
            piece.lane.partition,
            offset,
            f"the target refuses the record ({failure.code}: {failure.message})",
            "Correct what the message names, or move the group's offset past the record with the Kafka tools.",
        )

    def _settle_piece(
        self, piece: Piece, codes: list[str | None] | None, numbers: list[str] | None, now: float
    ) -> None:
        taken = piece.records
        if codes is not None and codes.count(None) < len(codes):
            failed = [index for index, code in enumerate(codes) if code is not None]
            for code in {codes[index] for index in failed}:
                self._observer.failed(str(code), codes.count(code))
            self._retry(piece, piece.records.select(failed), now)
            kept = [index for index, code in enumerate(codes) if code is None]
            taken = piece.records.select(kept)
            numbers = [numbers[index] for index in kept] if numbers is not None else None
        if len(taken):
            self._acknowledge(piece.lane, taken, numbers)

    def _acknowledge(self, lane: Lane, taken: Records, numbers: list[str] | None) -> None:
        self.released += taken.footprint
        lane.watermark.acknowledge(taken.offsets)
        self._observer.acknowledged(len(taken))
        if lane.order is None:
            return
        if numbers is not None and (inverted := lane.sequences.inversions(taken.keys, numbers)):
            self._observer.inverted(lane.partition, inverted)
        following = lane.order.release(taken.keys)
        if following is not None and not lane.abandoned:
            self._ready.appendleft(Piece(lane, following))

    def _retry(self, piece: Piece, records: Records, now: float) -> None:
        if piece.lane.abandoned:
            self.released += records.footprint
            return
        due = now + self._backoff.wait(piece.attempt)
        again = replace(piece, records=records, attempt=piece.attempt + 1)
        heapq.heappush(self._waiting, (due, next(self._tie), again))


def _fitting(records: Records, count: int, size: int) -> int:
    """Count how many of the first records fit into what is left of a call."""
    if len(records) <= count and records.size <= size:
        return len(records)
    if records.size <= size:
        return count
    total = 0
    for index in range(min(count, len(records))):
        total += len(records.data[index]) + len(records.keys[index].encode())
        if total > size:
            return index
    return min(count, len(records))
