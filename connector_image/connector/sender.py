"""Carries calls to the target: one selector loop over all connections.

Twenty milliseconds of latency then cost nothing but connections, retries are timers, and nothing waits
while others have records to send. It runs on the engine's thread: a second one would spend more on
taking turns with the interpreter than it could do.
"""

import selectors
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from connector.addresses import Addresses
from connector.batch import Records
from connector.dispatcher import Call, Dispatcher
from connector.feed import CallLimits
from connector.http_client import Connection, Endpoint
from connector.http_response import ConnectionFailed, Response
from connector.outcome import CallFailure, Outcome

# While calls are under way time-outs are looked for so often, in seconds.
_LOOKS: Final = 0.25


class Sink(Protocol):
    """A service that takes records in HTTP calls."""

    endpoint: Endpoint
    tls: ssl.SSLContext | None
    limits: CallLimits

    def request(self, parts: Sequence[Records]) -> tuple[bytes, bytes]:
        """Write a signed request for all these records, its head and its body.

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
    """Sends what the dispatcher packs and gives it the outcomes."""

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
        addresses = Addresses(sink.endpoint.host, sink.endpoint.port)
        self._idle = [Connection(sink.endpoint, sink.tls, addresses) for _ in range(connections)]
        self._busy: dict[Connection, tuple[Call, float]] = {}
        self._watched: dict[Connection, tuple[int, int]] = {}
        self._looks_at = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether answers are outstanding."""
        return bool(self._busy)

    def turn(self, patience: float) -> None:
        """Send what may be sent and take in the answers that are there.

        Args:
            patience: How long to wait for the first answer or connection that moves, in seconds.
        """
        now = self._clock()
        self._send_all(now)
        if self._watched:
            if patience > 0.0 and (due := self._dispatcher.wake_at()) is not None and self._idle:
                patience = min(patience, max(0.0, due - now))
            events = self._selector.select(patience)
            for key, _ in events:
                self._advance(key.data)
            if events:
                self._send_all(self._clock())
        elif patience > 0.0:
            time.sleep(patience)
        if now >= self._looks_at:
            self._looks_at = now + _LOOKS
            self._expire(now)

    def close(self) -> None:
        """Close all connections; what is under way is cut off."""
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._selector.close()

    def _send_all(self, now: float) -> None:
        while self._idle and (call := self._dispatcher.next_call(now)) is not None:
            self._send(call)

    def _send(self, call: Call) -> None:
        try:
            request = self._sink.request(call.parts)
        except CredentialsUnavailable as error:
            self._settle(call, CallFailure("CredentialsUnavailable", str(error), permanent=True))
            return
        connection = self._idle.pop()
        self._busy[connection] = (call, self._clock() + self._request_timeout)
        try:
            connection.start(*request)
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
        if outcome is not None and under_way is not None:
            self._finish(connection, outcome)
        else:
            self._watch(connection)

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
