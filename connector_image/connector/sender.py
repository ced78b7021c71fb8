"""The sender thread: one selector loop over all connections to the target.

Twenty milliseconds of latency then cost nothing but connections, retries are timers, and no thread
sleeps while others have records to send.
"""

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

from connector.addresses import Addresses
from connector.dispatcher import Call, CallLimits, Dispatcher, Lane
from connector.http_client import Connection, ConnectionFailed, Endpoint, Response
from connector.mapping import Mapped
from connector.outcome import CallFailure, Outcome

_LONGEST_SLEEP: Final = 1.0  # seconds; the loop shows its heartbeat at least so often


class Sink(Protocol):
    """A service that takes records in HTTP calls."""

    endpoint: Endpoint
    tls: ssl.SSLContext | None
    limits: CallLimits

    def request(self, keys: Sequence[str], data: Sequence[bytes]) -> bytes:
        """Write a whole signed request.

        Raises:
            CredentialsUnavailable: there is nothing to sign with at the moment.
        """

    def outcome(self, response: Response, count: int) -> Outcome:
        """Read the answer to a request of `count` records."""

    def renew_credentials(self) -> None:
        """Forget credentials that the service refused."""


class CredentialsUnavailable(Exception):  # noqa: N818 - a state of the surroundings that passes
    """The credential chain gives nothing at the moment."""


class Sender:
    """Owns the dispatcher and runs it on a thread of its own.

    The other methods are for the source's thread. They never wait, except `close`.
    """

    def __init__(
        self,
        sink: Sink,
        dispatcher: Dispatcher,
        connections: int,
        request_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._dispatcher = dispatcher
        self._request_timeout = request_timeout
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.settimeout(0)
        self._wake_write.settimeout(0)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._inbox: deque[Callable[[], None]] = deque()
        addresses = Addresses(sink.endpoint.host, sink.endpoint.port)
        self._idle = [Connection(sink.endpoint, sink.tls, addresses) for _ in range(connections)]
        self._busy: dict[Connection, tuple[Call, float]] = {}
        self._watched: dict[Connection, tuple[int, int]] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self.progress = threading.Event()
        """Set whenever a call was settled; who waits for progress clears it."""
        self.failure: BaseException | None = None
        """What ended the thread, if anything did."""
        self.beat = time.monotonic()
        """When the loop turned last."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, offers: Sequence[tuple[Lane, Mapped]]) -> None:
        """Hand over records, in the order of each lane."""

        def take() -> None:
            for lane, mapped in offers:
                self._dispatcher.offer(lane, mapped.records, mapped.dropped)

        self._post(take)

    def abandon(self, lanes: Collection[Lane]) -> None:
        """Send nothing more of these lanes; calls under way run out."""
        self._post(lambda: self._dispatcher.abandon(lanes))

    def close(self, timeout: float = 5.0) -> None:
        """End the thread; what is under way is cut off."""
        self._closing = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _post(self, action: Callable[[], None]) -> None:
        self._inbox.append(action)
        self._wake()

    def _wake(self) -> None:
        # A full pipe means that a wake-up is under way already.
        with contextlib.suppress(BlockingIOError, OSError):
            self._wake_write.send(b"\0")

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the source's thread must hear of it
            self.failure = error
        finally:
            for connection in [*self._idle, *self._busy]:
                connection.close()
            self._selector.close()
            self._wake_read.close()
            self._wake_write.close()
            self.progress.set()

    def _turn(self) -> None:
        self.beat = time.monotonic()
        now = self._clock()
        while self._inbox:
            self._inbox.popleft()()
        while self._idle and (call := self._dispatcher.next_call(now)) is not None:
            self._send(call)
            # Signing may have had to wait for credentials.
            self.beat = time.monotonic()
        for key, _ in self._selector.select(self._sleep(now)):
            if key.data is None:
                self._drain_wake_ups()
            else:
                self._advance(key.data)
        self._expire(self._clock())

    def _sleep(self, now: float) -> float:
        moments = [deadline for _, deadline in self._busy.values()]
        # Without a free connection a due retry could not be sent: an answer comes first.
        if self._idle and (due := self._dispatcher.wake_at()) is not None:
            moments.append(due)
        return min(_LONGEST_SLEEP, max(0.0, min(moments, default=now + _LONGEST_SLEEP) - now))

    def _drain_wake_ups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass

    def _send(self, call: Call) -> None:
        try:
            request = self._sink.request(call.keys, call.data)
        except CredentialsUnavailable as error:
            self._settle(call, CallFailure("CredentialsUnavailable", str(error), permanent=True))
            return
        connection = self._idle.pop()
        self._busy[connection] = (call, self._clock() + self._request_timeout)
        try:
            connection.start(request)
        except ConnectionFailed as error:
            self._finish(connection, CallFailure("ConnectionFailed", str(error)))
            return
        if connection in self._watched:
            self._advance(connection)  # an open connection takes most requests at once
        else:
            self._watch(connection)

    def _advance(self, connection: Connection) -> None:
        outcome: Outcome | None = None
        under_way = self._busy.get(connection)
        try:
            response = connection.advance()
            if response is not None and under_way is not None:
                outcome = self._sink.outcome(response, len(under_way[0]))
        except ConnectionFailed as error:
            outcome = CallFailure("ConnectionFailed", str(error))
        self._watch(connection)
        if outcome is not None and under_way is not None:
            self._finish(connection, outcome)

    def _expire(self, now: float) -> None:
        late = [connection for connection, (_, deadline) in self._busy.items() if deadline <= now]
        for connection in late:
            self._unwatch(connection)
            connection.close()
            message = f"no answer within {self._request_timeout:g} s"
            self._finish(connection, CallFailure("RequestTimeout", message))

    def _finish(self, connection: Connection, outcome: Outcome) -> None:
        call, _ = self._busy.pop(connection)
        self._watch(connection)
        self._idle.append(connection)
        self._settle(call, outcome)

    def _settle(self, call: Call, outcome: Outcome) -> None:
        if isinstance(outcome, CallFailure) and outcome.renews_credentials:
            self._sink.renew_credentials()
        self._dispatcher.settle(call, outcome, self._clock())
        self.progress.set()

    def _watch(self, connection: Connection) -> None:
        """Bring the selector's view of a connection up to date; descriptors are reused, so at once."""
        now = (connection.fileno(), connection.wants) if connection.is_open else None
        before = self._watched.get(connection)
        if now == before:
            return
        if now is None:
            self._unwatch(connection)
        elif before is None or before[0] != now[0]:
            self._unwatch(connection)
            self._selector.register(now[0], now[1], connection)
        else:
            self._selector.modify(now[0], now[1], connection)
        if now is not None:
            self._watched[connection] = now

    def _unwatch(self, connection: Connection) -> None:
        before = self._watched.pop(connection, None)
        if before is not None:
            self._selector.unregister(before[0])
