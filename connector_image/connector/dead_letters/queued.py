"""Dead letters that a thread of its own carries, for services whose client waits for each answer.

They are few, so nothing is gained by a place among the connections of the hot path. The engine's
thread only puts letters into a queue and takes acknowledgements out of another.
"""

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from connector.aws.explained import sentence
from connector.backoff import Backoff
from connector.batch import Partition
from connector.dead_letters.ledger import Ledger
from connector.dead_letters.letter import Letter
from connector.dead_letters.target import Probed
from connector.errors import ConnectorError, Undeliverable
from connector.log import RateLimited

log = RateLimited(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """What goes together: so many bytes of memory or letters, or what came in so many seconds."""

    bytes: int
    seconds: float
    letters: int = sys.maxsize


class Sent(NamedTuple):
    """What became of one call: the letters that the target has now, and why it has not all of them."""

    taken: Sequence[Letter]
    problem: str | None = None


class Parcel(Protocol):
    """Letters on their way to a target, in as many calls as it takes."""

    @property
    def left(self) -> int:
        """Letters that the target has not acknowledged."""

    def send(self) -> Sent:
        """Call the target once with what is left.

        Raises:
            Undeliverable: it can never take a letter, which counts no longer as left.
            Exception: the call failed, whatever the client raises for it.
        """


class Carrier(Protocol):
    """A target behind the queue. All but `probe` is called on the queue's thread."""

    load: Load

    def parcel(self, letters: Sequence[Letter]) -> Parcel:
        """Make letters ready to send."""

    def probe(self) -> Probed:
        """See `DeadLetters`."""


class QueuedDeadLetters:
    """A queue before a carrier; see `DeadLetters` for what each member means."""

    def __init__(self, carrier: Carrier, backoff: Backoff, clock: Callable[[], float] = time.monotonic) -> None:
        self._carrier = carrier
        self._backoff = backoff
        self._clock = clock
        # The engine's thread alone has these.
        self._ledger = Ledger()
        self._thread: threading.Thread | None = None
        # Both threads have these; the condition guards the queue and what is to be done with it.
        self._changed: Final = threading.Condition()
        self._queue: deque[Letter] = deque()
        self._queued_bytes = 0
        self._due = 0.0
        self._hurry = False
        self._closing = False
        self._gone = threading.Event()
        self._taken: deque[Letter] = deque()
        self._problem: str | None = None
        self._fatal: ConnectorError | None = None

    @property
    def pending(self) -> int:
        """See `DeadLetters`."""
        return len(self._ledger)

    @property
    def pending_bytes(self) -> int:
        """See `DeadLetters`."""
        return self._ledger.bytes

    @property
    def failing(self) -> str | None:
        """See `DeadLetters`."""
        return self._problem if self._ledger else None

    @property
    def fatal(self) -> ConnectorError | None:
        """See `DeadLetters`."""
        return self._fatal

    def probe(self) -> Probed:
        """See `DeadLetters`."""
        return self._carrier.probe()

    def send(self, letter: Letter) -> None:
        """See `DeadLetters`."""
        self._ledger.enter(letter)
        with self._changed:
            if not self._queue:
                self._due = self._clock() + self._carrier.load.seconds
            self._queue.append(letter)
            self._queued_bytes += letter.size
            self._changed.notify()
        if self._thread is None:  # most routes never have a dead letter
            self._thread = threading.Thread(target=self._work, name="dead-letters", daemon=True)
            self._thread.start()

    def settled(self) -> list[tuple[Partition, int]]:
        """See `DeadLetters`."""
        settled = []
        while self._taken:
            letter = self._taken.popleft()
            if self._ledger.leave(letter):
                settled.append((letter.partition, letter.offset))
        return settled

    def flush(self) -> None:
        """See `DeadLetters`."""
        with self._changed:
            self._hurry = True
            self._changed.notify()

    def abandon(self, partitions: Collection[Partition]) -> None:
        """See `DeadLetters`."""
        self._ledger.forget(partitions)
        with self._changed:
            unwanted = [letter for letter in self._queue if letter not in self._ledger]
            self._queue = deque(letter for letter in self._queue if letter in self._ledger)
            self._queued_bytes -= sum(letter.size for letter in unwanted)
        for letter in unwanted:
            self._ledger.leave(letter)

    def close(self, timeout: float) -> int:
        """See `DeadLetters`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)
        # A call that is under way ends by itself, at the latest with the process.
        self._gone.set()
        return self.pending - sum(letter in self._ledger for letter in self._taken)

    def _work(self) -> None:
        try:
            while letters := self._next():
                self._carry(self._carrier.parcel(letters))
        # Were it silent, letters would wait for ever and nobody would know.
        except Exception as error:  # noqa: BLE001 - an error of the connector itself, whatever it is
            log.error("the carrier of dead letters ended", traceback="".join(traceback.format_exception(error)))  # noqa: TRY400 - JSON, as all of the log
            self._fatal = ConnectorError(
                f"dead letters cannot be sent by an error of the connector itself, {type(error).__name__}: {error};"
                " nothing that is not acknowledged is committed: report it with the log, and start again"
            )

    def _next(self) -> list[Letter]:
        """Wait for letters that go together; none when there is nothing more to come."""
        load = self._carrier.load
        with self._changed:
            while not self._gone.is_set():
                if not self._queue:
                    self._hurry = False
                    if self._closing:
                        break
                    self._changed.wait()
                    continue
                patience = self._due - self._clock()
                full = len(self._queue) >= load.letters or self._queued_bytes >= load.bytes
                if full or self._hurry or self._closing or patience <= 0:
                    return self._take(load)
                self._changed.wait(patience)
        return []

    def _take(self, load: Load) -> list[Letter]:
        letters: list[Letter] = []
        room = load.bytes
        while self._queue and len(letters) < load.letters and (not letters or self._queue[0].size <= room):
            letters.append(self._queue.popleft())
            room -= letters[-1].size
        self._queued_bytes -= load.bytes - room
        self._due = self._clock() + load.seconds
        return letters

    def _carry(self, parcel: Parcel) -> None:
        """Send a parcel until nothing is left of it, or nobody waits any more."""
        attempt = 0
        while parcel.left and not self._gone.is_set():
            try:
                sent = parcel.send()
            except Undeliverable as error:
                self._fatal = self._fatal or error
                continue
            # Clients let through whatever their chains of credentials and their transports raise.
            except Exception as error:  # noqa: BLE001 - whatever it is, the letters are sent again
                sent = Sent((), sentence(error))
            self._taken.extend(sent.taken)
            self._problem = None if sent.taken else sent.problem
            if sent.problem is None:
                attempt = 0
                continue
            log.warning("dead letters refused, they are sent again", reason=sent.problem, refused=parcel.left)
            self._gone.wait(self._backoff.wait(attempt))
            attempt += 1
