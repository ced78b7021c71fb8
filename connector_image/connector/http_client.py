"""HTTP/1.1 over a non-blocking socket, as much of it as a signed POST to an AWS service needs.

One thread drives many connections by a selector. The usual clients cost several times the CPU of
the request itself, and a thread for each connection makes the threads fight for the interpreter.
"""

import contextlib
import selectors
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit

from connector.addresses import Addresses
from connector.errors import ConnectorError
from connector.http_response import ConnectionFailed, Response, ResponseReader
from connector.tls import TlsStream

_CHUNK: Final = 1 << 18
# After so many reads the others have their turn: a peer may send faster than anybody can read.
_READS: Final = 4
_ERROR: Final = 400
_NOTHING: Final = memoryview(b"")
# All connections belong to one thread and share these.
_RECEIVED: Final = bytearray(_CHUNK)
_RECEIVED_VIEW: Final = memoryview(_RECEIVED)
_CLEAR: Final = bytearray(_CHUNK)
_CLEAR_VIEW: Final = memoryview(_CLEAR)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, from a URL."""

    host: str
    port: int
    tls: bool

    @classmethod
    def from_url(cls, url: str) -> "Endpoint":
        """Read `https://host[:port]` or `http://host[:port]`.

        Raises:
            ConnectorError: the URL is something else.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ConnectorError(
                f"endpoint URL {url!r}: must be https://host[:port] or http://host[:port] without a path;"
                " correct AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL or the AWS configuration file"
            )
        tls = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if tls else 80), tls)

    @property
    def host_header(self) -> str:
        """The Host header as clients send and sign it: without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class _State(Enum):
    CLOSED = auto()
    CONNECTING = auto()
    HANDSHAKE = auto()
    SENDING = auto()
    RECEIVING = auto()
    IDLE = auto()


class Connection:
    """One keep-alive connection with at most one request under way.

    `start` a request, then call `advance` whenever the socket is ready for `wants`, until it returns
    the response. A broken idle connection shows as readable: `advance` then closes it and the next
    `start` opens a new one, so that a request never meets a connection known to be dead.
    """

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None, addresses: Addresses | None = None) -> None:
        self._endpoint = endpoint
        self._context = tls
        self._addresses = addresses or Addresses(endpoint.host, endpoint.port)
        self._state = _State.CLOSED
        self._socket: socket.socket | None = None
        self._tls: TlsStream | None = None
        self._unsent: deque[memoryview] = deque()  # of the request, in clear
        self._outgoing = _NOTHING  # what the socket has not taken yet
        self._answer = ResponseReader()
        self._reads_left = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a socket to watch."""
        return self._socket is not None

    @property
    def wants(self) -> int:
        """The events to watch the socket for, as the selectors module names them."""
        if self._state is _State.SENDING:
            return selectors.EVENT_WRITE | selectors.EVENT_READ
        writing = self._outgoing or self._state is _State.CONNECTING
        return selectors.EVENT_WRITE if writing else selectors.EVENT_READ

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        if self._socket is None:
            raise ValueError("a closed connection has no descriptor")
        return self._socket.fileno()

    def start(self, *request: bytes) -> None:
        """Begin to send a whole request, in one part or several.

        Raises:
            ConnectionFailed: no connection can be opened.
        """
        if self._state is _State.IDLE:
            self._state = _State.SENDING
        else:
            self._open()
        self._unsent = deque(memoryview(part) for part in request)

    def advance(self) -> Response | None:
        """Go on as far as the socket allows; return the response once it is complete.

        Raises:
            ConnectionFailed: the connection broke; it is closed and may be started anew.
        """
        self._reads_left = _READS
        try:
            return self._advance()
        except BlockingIOError:
            return None
        except ConnectionFailed:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise ConnectionFailed(_describe(error)) from error

    def close(self) -> None:
        """Close the socket; a request under way is lost."""
        if self._socket is not None:
            self._socket.close()
        self._socket = self._tls = None
        self._state = _State.CLOSED
        self._outgoing = _NOTHING
        self._unsent.clear()
        self._answer.clear()

    def _open(self) -> None:
        try:
            family, kind, protocol, _, address = self._addresses.take()
            raw = socket.socket(family, kind, protocol)
        except OSError as error:
            raise ConnectionFailed(f"{self._endpoint.host}: {_describe(error)}") from error
        raw.settimeout(0)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw
        self._state = _State.CONNECTING
        try:
            raw.connect(address)
        except BlockingIOError:
            pass
        except OSError as error:
            self.close()
            raise ConnectionFailed(_describe(error)) from error

    def _advance(self) -> Response | None:
        connected = self._socket
        if connected is None:
            return None
        if self._state is _State.CONNECTING:
            if code := connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, f"{self._endpoint.host}:{self._endpoint.port} cannot be reached")
            if self._context is not None:
                self._tls = TlsStream(self._context, self._endpoint.host)
            self._state = _State.SENDING if self._tls is None else _State.HANDSHAKE
        if self._state is _State.HANDSHAKE and not self._shake_hands(connected):
            return None
        if self._state is _State.SENDING:
            try:
                self._send(connected)
            except OSError as error:
                return self._early_answer(connected, error)
            self._state = _State.RECEIVING
            return None
        return self._receive(connected)

    def _shake_hands(self, connected: socket.socket) -> bool:
        tls = self._tls
        if tls is None:
            return True
        while True:
            self._flush(connected)
            try:
                done = tls.handshake()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    connected.send(tls.outgoing())  # the alert that tells the peer why
                raise
            self._outgoing = memoryview(tls.outgoing())
            if done:
                self._state = _State.SENDING
                return True
            self._flush(connected)
            count = self._read(connected)
            if not count:
                raise ConnectionFailed("the connection was closed during the TLS handshake")
            tls.received(_RECEIVED_VIEW[:count])

    def _send(self, connected: socket.socket) -> None:
        self._flush(connected)
        while self._unsent:
            if self._tls is None:
                self._outgoing = self._unsent.popleft()
            else:
                self._tls.encrypt(self._unsent)
                self._outgoing = memoryview(self._tls.outgoing())
            self._flush(connected)

    def _flush(self, connected: socket.socket) -> None:
        while self._outgoing:
            self._outgoing = self._outgoing[connected.send(self._outgoing) :]
        self._outgoing = _NOTHING

    def _early_answer(self, connected: socket.socket, error: OSError) -> Response:
        """Look whether the peer has refused a request that it does not, or not yet, take to its end.

        It may have stopped to listen, too: why it did so tells more than that it did.
        """
        try:
            response = self._receive(connected)
        except (OSError, ConnectionFailed) as silent:
            still_sending = isinstance(error, BlockingIOError)
            raise silent if still_sending else error from None
        if response is None or response.status < _ERROR:
            raise ConnectionFailed("there was an answer before the whole request was sent")
        return response

    def _receive(self, connected: socket.socket) -> Response | None:
        while True:
            count = self._read(connected)
            if self._state is _State.IDLE and (not count or self._tls is None):
                # Unasked data on an idle connection is as much its end as a close.
                self.close()
                return None
            if not count:
                raise ConnectionFailed("the connection was closed before the answer was complete")
            if self._tls is None:
                self._answer.feed(_RECEIVED_VIEW[:count])
            ended = self._tls is not None and self._decrypt(self._tls, count)
            if self._state is _State.IDLE and (ended or len(self._answer)):
                self.close()
                return None
            parsed = self._answer.take()
            if parsed is not None:
                response, keeps_alive = parsed
                if keeps_alive and not ended and self._state is _State.RECEIVING:
                    self._state = _State.IDLE
                else:
                    self.close()
                return response
            if ended:
                raise ConnectionFailed("the connection was closed before the answer was complete")

    def _read(self, connected: socket.socket) -> int:
        """Receive into the buffer; return how many bytes, 0 at the end."""
        if self._reads_left == 0:
            raise BlockingIOError
        self._reads_left -= 1
        return connected.recv_into(_RECEIVED)

    def _decrypt(self, tls: TlsStream, count: int) -> bool:
        """Take in `count` bytes of the buffer; return whether the peer has said goodbye, perhaps behind its answer."""
        tls.received(_RECEIVED_VIEW[:count])
        while length := tls.read_into(_CLEAR):
            self._answer.feed(_CLEAR_VIEW[:length])
        return length == 0


def _describe(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
