"""Decides what is sent when: the engine's rules without its input and output.

Records go in by lane (one for each assigned partition), calls come out, and each call comes back with
its outcome. Time is an argument. Which records may leave is the feed's affair.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from connector.batch import Records
from connector.circuit import Circuit
from connector.feed import CallLimits, Doubt, Feed, Lane, Piece, Refused
from connector.gate import Gate
from connector.outcome import CallFailure, Outcome, Placements
from connector.sequences import Sequences

# Seconds after which a message is given up though nothing shows that it is at fault: everything else may wait for it.
_PATIENCE: Final = 300.0


class Observer(Protocol):
    """Hears what happened to records."""

    def acknowledged(self, count: int, size: int) -> None:
        """So many records of so many bytes were taken."""

    def failed(self, code: str, count: int) -> None:
        """So many records were not taken, for this reason; they will be sent again."""

    def resent(self, count: int) -> None:
        """So many records left again."""

    def inverted(self, shard: str, count: int) -> None:
        """So many records have sequence numbers not above what their shard had given out before they left."""

    def called(self, count: int, size: int, seconds: float) -> None:
        """A call of so many records and bytes was answered after so long."""

    def call_failed(self, failure: CallFailure) -> None:
        """A call failed as a whole."""

    def circuit_changed(self, circuit: Circuit) -> None:
        """The circuit opened or closed."""


@dataclass(slots=True, eq=False)
class Call:
    """The content of one request."""

    pieces: list[Piece]
    started: float
    given_out: Mapping[bytes, bytes]
    """The highest sequence number of each shard that was known when it left."""
    number: int = 0
    """How many calls had left with it."""

    def __len__(self) -> int:
        return sum(len(piece.records) for piece in self.pieces)

    @property
    def parts(self) -> list[Records]:
        """The records in order."""
        return [piece.records for piece in self.pieces]

    @property
    def messages(self) -> int:
        """How many messages the records are."""
        return sum(piece.messages for piece in self.pieces)

    @property
    def size(self) -> int:
        """Bytes of keys and data."""
        return sum(piece.records.size for piece in self.pieces)


class Dispatcher:
    """Packs calls, takes in what became of them, and keeps away from a target that cannot answer."""

    def __init__(
        self, limits: CallLimits, feed: Feed, circuit: Circuit, observer: Observer, gate: Gate | None = None
    ) -> None:
        self._limits = limits
        self._observer = observer
        self.gate = gate
        self._sequences = Sequences()
        self._left = 0  # calls
        self._taken = 0  # the latest call that was taken
        self._spent = 0  # what that was when a message was given up without a proof
        self.feed = feed
        self.circuit = circuit
        self.in_flight = 0
        """Records in calls that are under way."""
        self.refused: list[tuple[Refused, CallFailure]] = []
        """Records that the target refused for themselves; whoever decides their fate takes them out."""

    def offer(
        self, lane: Lane, incoming: Records, now: float, dropped: Sequence[int] = (), parked: Sequence[int] = ()
    ) -> None:
        """Take in records of a lane, above all that it was offered before.

        Args:
            lane: The partition.
            incoming: What is to be sent.
            now: The time.
            dropped: Offsets that need no sending.
            parked: Offsets that somebody else acknowledges, at the lane's watermark.
        """
        if dropped or parked:
            lane.watermark.track(sorted([*incoming.offsets, *dropped, *parked]))
            lane.watermark.acknowledge(dropped)
        else:
            lane.watermark.track(incoming.offsets)
        self.feed.offer(lane, incoming, now)

    def next_call(self, now: float) -> Call | None:
        """Pack the next call, or return None when nothing may be sent now."""
        if not self.circuit.allows(now):
            return None
        pieces = self.feed.fill(self._limits, now)
        if not pieces:
            return None
        self.circuit.started()
        self._left += 1
        call = Call(pieces, now, self._sequences.given_out(), self._left)
        self.in_flight += len(call)
        if resent := sum(len(piece.records) for piece in pieces if piece.attempt):
            self._observer.resent(resent)
        return call

    def wake_at(self) -> float | None:
        """Tell when `next_call` may have something that it has not now, None when only an outcome can."""
        due = self.feed.wake_at()
        if due is None or self.circuit.state == "closed":
            return due
        # While a probe is under way only its outcome counts.
        return None if self.circuit.reopens_at is None else max(due, self.circuit.reopens_at)

    def settle(self, call: Call, outcome: Outcome, now: float) -> None:
        """Take in what became of a call."""
        self.in_flight -= len(call)
        self._observer.called(len(call), call.size, now - call.started)
        if isinstance(outcome, CallFailure):
            self._settle_failure(call, outcome, now)
            return
        if self.circuit.succeeded():
            self._observer.circuit_changed(self.circuit)
        if len(outcome.refusals) < len(call):
            self._taken = max(self._taken, call.number)
        if self.gate is not None:
            self.gate.observe(call.parts, outcome, now)
        if outcome.placements is not None:
            self._compare(call, outcome.placements)
        refused = list(outcome.refusals.items())
        start = 0
        for piece in call.pieces:
            end = start + len(piece.records)
            past = bisect_left(refused, (end,))
            here, refused = refused[:past], refused[past:]
            if here:
                self._settle_refused(piece, {index - start: code for index, code in here}, now)
            else:
                placements = outcome.placements.part(start, end) if outcome.placements is not None else None
                self._observer.acknowledged(self.feed.taken(piece, placements), piece.records.size)
            start = end

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Drop what is not under way of lanes that are given up; calls that are run out, unobserved."""
        for lane in lanes:
            lane.abandoned = True
        self.feed.abandon(lanes)

    def _settle_refused(self, piece: Piece, refusals: Mapping[int, str], now: float) -> None:
        """Take in what became of a piece of which some records were refused, by their indices in it."""
        piece.doubt = None  # the target takes their content
        for code, count in Counter(refusals.values()).items():
            self._observer.failed(code, count)
        if len(refusals) == len(piece.records):
            self.feed.failed(piece, None, now)
            return
        self.feed.failed(piece, list(refusals), now)
        self._observer.acknowledged(self.feed.taken(piece, None), piece.records.size)

    def _settle_failure(self, call: Call, failure: CallFailure, now: float) -> None:
        self._observer.call_failed(failure)
        self._observer.failed(failure.code, len(call))
        at_fault = failure.refuses_content and self._is_at_fault(call, now)
        if at_fault:
            changed = self.circuit.succeeded()
        else:
            changed = self.circuit.failed(f"{failure.code}: {failure.message}", now, permanent=failure.permanent)
        if changed:
            self._observer.circuit_changed(self.circuit)
        for piece in call.pieces:
            if failure.refuses_content:
                found = self.feed.suspected(piece, len(call) // 2, at_fault=at_fault)
                self.refused += [(refused, failure) for refused in found]
            else:
                self.feed.failed(piece, None, now)

    def _is_at_fault(self, call: Call, now: float) -> bool:
        """Tell whether a call is refused for what it holds, and not as every other would be.

        An endpoint may refuse whatever it gets: one of another API version, or one that is broken. So a message is at
        fault only if it is alone and the target took a call that left after it had refused this one first.

        Where everything else waits behind such messages nothing can show that. To wait for ever would be worse than to
        err once: after a while one of them is given up, and the next one when the target has taken something.
        """
        for piece in call.pieces:
            piece.doubt = piece.doubt or Doubt(self._left, now)
        doubt = call.pieces[0].doubt
        if call.messages > 1 or doubt is None:
            return False
        if self._taken > doubt.left:
            return True
        if now - doubt.since < _PATIENCE or self._taken == self._spent:
            return False
        self._spent = self._taken
        return True

    def _compare(self, call: Call, placements: Placements) -> None:
        for shard, count in Counter(self._sequences.inversions(call.given_out, placements)).items():
            self._observer.inverted(shard.decode(), count)
