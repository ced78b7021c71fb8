"""HTTP/1.1 over a non-blocking socket, as much of it as a signed POST to an AWS service needs.

One thread drives many connections by a selector. The usual clients cost several times the CPU of
the request itself, and a thread for each connection makes the threads fight for the interpreter.
"""

import re
import selectors
import socket
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit

from connector.addresses import Addresses
from connector.errors import ConnectorError

_CHUNK: Final = 1 << 18
_LONGEST_HEAD: Final = 1 << 16
_NO_BODY: Final = frozenset({204, 304})
# No answer of a service comes near to a gigabyte.
_LENGTH_DIGITS: Final = 9
_HEX_LENGTH: Final = re.compile(rb"[0-9A-Fa-f]{1,7}")
_NOTHING: Final = memoryview(b"")


class ConnectionFailed(Exception):  # noqa: N818 - what happened, not a mistake of a caller
    """The connection broke or the peer does not speak HTTP; whether a request was served is unknown."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


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
        self._tls = tls
        self._addresses = addresses or Addresses(endpoint.host, endpoint.port)
        self._state = _State.CLOSED
        self._socket: socket.socket | None = None
        self._unsent = _NOTHING
        self._received = bytearray()
        self._tls_wants = 0  # TLS may have to read in order to write, and the other way round

    @property
    def is_open(self) -> bool:
        """Whether there is a socket to watch."""
        return self._socket is not None

    @property
    def wants(self) -> int:
        """The events to watch the socket for, as the selectors module names them."""
        if self._tls_wants:
            return self._tls_wants
        writing = self._state in {_State.CONNECTING, _State.SENDING}
        return selectors.EVENT_WRITE if writing else selectors.EVENT_READ

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        if self._socket is None:
            raise ValueError("a closed connection has no descriptor")
        return self._socket.fileno()

    def start(self, request: bytes) -> None:
        """Begin to send a whole request.

        Raises:
            ConnectionFailed: no connection can be opened.
        """
        if self._state is _State.IDLE:
            self._state = _State.SENDING
        else:
            self._open()
        self._unsent = memoryview(request)

    def advance(self) -> Response | None:
        """Go on as far as the socket allows; return the response once it is complete.

        Raises:
            ConnectionFailed: the connection broke; it is closed and may be started anew.
        """
        try:
            return self._advance()
        except ssl.SSLWantReadError:
            self._tls_wants = selectors.EVENT_READ
            return None
        except ssl.SSLWantWriteError:
            self._tls_wants = selectors.EVENT_WRITE
            return None
        except BlockingIOError:
            return None
        except OSError as error:
            self.close()
            raise ConnectionFailed(_describe(error)) from error

    def close(self) -> None:
        """Close the socket; a request under way is lost."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._state = _State.CLOSED
        self._unsent = _NOTHING
        self._received.clear()

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
        self._tls_wants = 0
        try:
            raw.connect(address)
        except BlockingIOError:
            pass
        except OSError as error:
            self.close()
            raise ConnectionFailed(_describe(error)) from error

    def _advance(self) -> Response | None:
        self._tls_wants = 0
        connected = self._socket
        if connected is None:
            return None
        if self._state is _State.CONNECTING:
            if code := connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, f"{self._endpoint.host}:{self._endpoint.port} cannot be reached")
            if self._tls is None:
                self._state = _State.SENDING
            else:
                connected = self._socket = self._tls.wrap_socket(
                    connected, server_hostname=self._endpoint.host, do_handshake_on_connect=False
                )
                self._state = _State.HANDSHAKE
        if self._state is _State.HANDSHAKE and isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
            self._state = _State.SENDING
        if self._state is _State.SENDING:
            while self._unsent:
                self._unsent = self._unsent[connected.send(self._unsent) :]
            self._unsent = _NOTHING  # even an empty view would keep the whole request
            self._state = _State.RECEIVING
            return None
        return self._receive(connected)

    def _receive(self, connected: socket.socket) -> Response | None:
        while True:
            chunk = connected.recv(_CHUNK)
            if not chunk or self._state is _State.IDLE:
                # Unasked data on an idle connection is as much its end as a close.
                was_idle = self._state is _State.IDLE
                self.close()
                if was_idle:
                    return None
                raise ConnectionFailed("the connection was closed before the answer was complete")
            self._received += chunk
            parsed = parse_response(self._received)
            if parsed is not None:
                response, keep_alive = parsed
                self._received.clear()
                if keep_alive:
                    self._state = _State.IDLE
                else:
                    self.close()
                return response
            if len(chunk) < _CHUNK and not isinstance(connected, ssl.SSLSocket):
                return None


def parse_response(received: bytes | bytearray) -> tuple[Response, bool] | None:
    """Read a response and whether the connection stays open; None while bytes are missing.

    Raises:
        ConnectionFailed: these bytes are no HTTP/1.x response.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > _LONGEST_HEAD:
            raise ConnectionFailed("the answer's head does not end")
        return None
    head = bytes(received[:end]).decode("latin-1").split("\r\n")
    version, _, rest = head[0].partition(" ")
    status = _number(rest[:3], 3)
    if not version.startswith("HTTP/1.") or status is None:
        raise ConnectionFailed(f"the answer is not HTTP: {head[0][:60]!r}")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body: bytes | None
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _chunked(received, end + 4)
    else:
        length = _number(headers.get("content-length", "0" if status in _NO_BODY else ""), _LENGTH_DIGITS)
        if length is None:
            raise ConnectionFailed("the answer does not tell its length")
        stop = end + 4 + length
        body = bytes(received[end + 4 : stop]) if len(received) >= stop else None
    if body is None:
        return None
    connection = headers.get("connection", "").lower()
    keep_alive = connection == "keep-alive" if version == "HTTP/1.0" else connection != "close"
    return Response(status, headers, body), keep_alive


def _number(text: str, digits: int) -> int | None:
    """Read a number of so many ASCII digits at most; `int` and `isdigit` take others too, and not the same ones."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def _chunked(received: bytes | bytearray, start: int) -> bytes | None:
    parts: list[bytes] = []
    while True:
        line_end = received.find(b"\r\n", start)
        if line_end < 0:
            if len(received) - start > _LONGEST_HEAD:
                raise ConnectionFailed("the length of the answer's chunk does not end")
            return None
        text = bytes(received[start:line_end]).partition(b";")[0].strip()
        if not _HEX_LENGTH.fullmatch(text):
            raise ConnectionFailed(f"the answer has a bad chunk length: {text[:20]!r}")
        length = int(text, 16)
        if length == 0:
            # Trailers, if any, end with an empty line.
            done = received.find(b"\r\n\r\n", line_end)
            return b"".join(parts) if done >= 0 else None
        start = line_end + 2 + length + 2
        if len(received) < start:
            return None
        parts.append(bytes(received[line_end + 2 : start - 2]))


def _describe(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
