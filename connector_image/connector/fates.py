"""What becomes of records that cannot be delivered: they are put aside as dead letters, or they stop the route."""

import time
from bisect import bisect_left
from collections.abc import Collection, Mapping
from typing import Final, get_args

from connector.batch import Partition
from connector.dead_letters.letter import Letter
from connector.dead_letters.target import DeadLetters
from connector.dispatcher import Dispatcher
from connector.errors import ConnectorError, Undeliverable
from connector.feed import Lane, Refused
from connector.log import RateLimited
from connector.mapping import Mapped
from connector.metrics import Metrics
from connector.outcome import CallFailure
from connector.rejection import Reason, Rejected

_REFUSED: Final = "RecordRefused"
_MILLISECONDS: Final = 1000

log = RateLimited(__name__)


class Fates:
    """Decides for one route; without `letters` the first undeliverable record stops it."""

    def __init__(self, letters: DeadLetters | None, metrics: Metrics) -> None:
        self._letters = letters
        self._metrics = metrics
        if letters is not None:
            metrics.expect_dead_letters((*get_args(Reason), _REFUSED))
        self.fatal: ConnectorError | None = None
        """Why the route must stop."""

    @property
    def pending(self) -> int:
        """Dead letters that their target has not acknowledged."""
        return self._letters.pending if self._letters else 0

    @property
    def pending_bytes(self) -> int:
        """Memory that they take."""
        return self._letters.pending_bytes if self._letters else 0

    @property
    def failing(self) -> str | None:
        """Why the target of dead letters takes nothing at the moment."""
        return self._letters.failing if self._letters else None

    def judged(self, partition: Partition, mapped: Mapped) -> Mapped:
        """Put aside what was rejected; or, when the route has to stop at it, cut off what comes after the first."""
        if not mapped.rejected:
            return mapped
        if self._letters is None:
            first = mapped.rejected[0]
            refusal = first.refusal
            self.fatal = self.fatal or Undeliverable(partition, first.offset, refusal.message, refusal.way_out)
            before, _ = mapped.records.split(bisect_left(mapped.records.offsets, first.offset))
            return Mapped(before, [offset for offset in mapped.dropped if offset < first.offset], [])
        for rejected in mapped.rejected:
            self._put_aside(_letter(partition, rejected))
        return mapped

    def turn(self, dispatcher: Dispatcher, lanes: Mapping[Partition, Lane]) -> None:
        """Take in what the target of dead letters has, and decide what the route's own target refused."""
        if dispatcher.refused:
            for refused, failure in dispatcher.refused:
                self._decide(refused, failure, dispatcher)
            dispatcher.refused.clear()
        if self._letters is None:
            return
        for partition, offset in self._letters.settled():
            if (lane := lanes.get(partition)) is not None:
                lane.watermark.acknowledge((offset,))
        if (fatal := self._letters.fatal) is not None and self.fatal is None:
            self.fatal = fatal
            if isinstance(fatal, Undeliverable) and (lane := lanes.get(fatal.partition)) is not None:
                _bar(lane, fatal.offset)

    def flush(self) -> None:
        """Let no dead letter wait for company."""
        if self._letters:
            self._letters.flush()

    def abandon(self, partitions: Collection[Partition]) -> None:
        """Forget the dead letters of partitions that go."""
        if self._letters:
            self._letters.abandon(partitions)

    def close(self) -> None:
        """Close the target; what it has not acknowledged is not committed and comes again."""
        if self._letters:
            self._letters.close(0.0)

    def _decide(self, refused: Refused, failure: CallFailure, dispatcher: Dispatcher) -> None:
        lane, offset = refused.lane, refused.offset
        said = f"{failure.code}: {failure.message}"
        if self._letters is None:
            _bar(lane, offset)
            self.fatal = self.fatal or Undeliverable(
                lane.partition,
                offset,
                f"the target refuses the record ({said})",
                "Correct what the message names, set dead_letters, or move the group's offset past the record with the"
                " Kafka tools.",
            )
            return
        now = time.time_ns() // (1_000_000_000 // _MILLISECONDS)
        message = f"the target refuses the record ({said}); key and value are as they were sent"
        self._put_aside(Letter(lane.partition, offset, refused.key, refused.data, [], (0, -1), _REFUSED, message, now))
        dispatcher.feed.settle(refused)

    def _put_aside(self, letter: Letter) -> None:
        if self._letters is None:
            return
        self._letters.send(letter)
        self._metrics.dead_letter(letter.reason)
        log.warning(
            "record put aside as a dead letter",
            code=letter.reason,
            partition=str(letter.partition),
            offset=letter.offset,
            reason=letter.message,
        )


def _bar(lane: Lane, offset: int) -> None:
    """Nothing from this offset on will be acknowledged."""
    lane.barrier = offset if lane.barrier is None else min(offset, lane.barrier)


def _letter(partition: Partition, rejected: Rejected) -> Letter:
    now = time.time_ns() // (1_000_000_000 // _MILLISECONDS)
    return Letter(
        partition,
        rejected.offset,
        rejected.key,
        rejected.value,
        rejected.headers,
        rejected.timestamp,
        rejected.refusal.reason,
        rejected.refusal.message,
        now,
    )
