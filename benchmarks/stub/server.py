"""HTTP/1.1 over TLS on one thread: epoll, blocks read in place, nothing parsed that is not needed."""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import time
from collections import deque
from contextlib import suppress
from typing import Final

from benchmarks.stub.service import Request, Service

_FIRST_BUFFER: Final = 1 << 16
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"\r\nx-amz-target: *([\w.]+)", re.IGNORECASE)
_TYPE: Final = re.compile(rb"\r\ncontent-type: *([\w./-]+)", re.IGNORECASE)
_EXPECTS: Final = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
_HEAD: Final = (
    b"HTTP/1.1 %d %b\r\nx-amzn-RequestId: c8a5b5d5-0b0c-4e0e-a1b1-6d4f3c2b1a09\r\n"
    b"x-amz-id-2: 7QmqxVpyUqVDEwMjE0NTg5NjMyMTQ1ODk2MzIxNDU4OTYzMjE0NTg5NjMyMTQ1ODk2MzIxNDU4OTYz\r\n"
    b"Date: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
)
_OK: Final = 200


class _Connection:
    """One client. A request is read into a buffer that is kept for the next one."""

    __slots__ = ("body", "buffer", "filled", "handshaken", "needed", "socket", "unsent", "writing")

    def __init__(self, connected: ssl.SSLSocket) -> None:
        self.socket = connected
        self.buffer = bytearray(_FIRST_BUFFER)
        self.filled = 0
        self.body = 0  # where the body begins, 0 while the head is incomplete
        self.needed = 0
        self.unsent = memoryview(b"")
        self.handshaken = False
        self.writing = False  # whether it is watched for room to write


class Server:
    """Accepts connections until it is told to stop."""

    def __init__(self, service: Service, tls: ssl.SSLContext, latency: float, *, stalled: bool) -> None:
        self._service = service
        self._tls = tls
        self._latency = latency
        self._stalled = stalled
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.settimeout(0)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._late: deque[tuple[float, _Connection, bytes]] = deque()
        self.stopping = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def run(self) -> None:
        """Serve until `stopping` is set."""
        while not self.stopping:
            for key, _ in self._selector.select(self._wait()):
                if key.data is None:
                    self._accept()
                else:
                    self._advance(key.data)
            self._send_late()

    def _wait(self) -> float:
        return min(0.5, max(0.0, self._late[0][0] - time.monotonic())) if self._late else 0.5

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            raw, _ = self._listener.accept()
            raw.settimeout(0)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wrapped = self._tls.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
            self._selector.register(wrapped, selectors.EVENT_READ, _Connection(wrapped))

    def _advance(self, connection: _Connection) -> None:
        try:
            if not connection.handshaken:
                connection.socket.do_handshake()
                connection.handshaken = True
            if connection.unsent:
                self._send(connection)
            while self._receive(connection):
                pass
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            self._watch(connection, writing=True)
        except (OSError, EOFError):
            self._close(connection)

    def _receive(self, connection: _Connection) -> bool:
        """Read once and serve what is complete; False where there is nothing more to read now."""
        buffer = connection.buffer
        if connection.filled == len(buffer):
            buffer.extend(bytes(len(buffer)))
        with memoryview(buffer) as view:
            count = connection.socket.recv_into(view[connection.filled :])
        if count == 0:
            raise EOFError
        connection.filled += count
        if not connection.body and not self._read_head(connection):
            return True
        if connection.filled < connection.needed:
            return True
        self._serve(connection)
        return bool(connection.socket.pending())

    def _read_head(self, connection: _Connection) -> bool:
        buffer = connection.buffer
        end = buffer.find(b"\r\n\r\n", 0, connection.filled)
        if end < 0:
            return False
        length = _LENGTH.search(buffer, 0, end)
        size = int(length[1]) if length else 0
        del length  # a match holds the buffer, which may have to grow
        connection.body = end + 4
        connection.needed = connection.body + size
        if len(buffer) < connection.needed:
            buffer.extend(bytes(connection.needed - len(buffer)))
        if connection.filled < connection.needed and _EXPECTS.search(buffer, 0, end):
            connection.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _serve(self, connection: _Connection) -> None:
        buffer, body, stop = connection.buffer, connection.body, connection.needed
        target = _TARGET.search(buffer, 0, body)
        kind = _TYPE.search(buffer, 0, body)
        wanted = target[1] if target else b""
        request = Request(bytes(wanted), bytes(kind[1]) if kind else b"", buffer, body, stop)
        connection.filled -= stop
        connection.body = connection.needed = 0
        puts = b".Put" in wanted
        if not (puts and self._stalled):
            answer = self._service.answer(request)
            status = b"OK" if answer.status == _OK else b"Bad Request"
            text = _HEAD % (answer.status, status, answer.content_type, len(answer.body)) + answer.body
            if self._latency and puts:
                self._late.append((time.monotonic() + self._latency, connection, text))
            else:
                self._begin(connection, text)
        if connection.filled:  # the beginning of the next request
            buffer[: connection.filled] = buffer[stop : stop + connection.filled]

    def _begin(self, connection: _Connection, text: bytes) -> None:
        connection.unsent = memoryview(text)
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        while connection.unsent:
            connection.unsent = connection.unsent[connection.socket.send(connection.unsent) :]
        self._watch(connection, writing=False)

    def _watch(self, connection: _Connection, *, writing: bool) -> None:
        if connection.writing is not writing:
            connection.writing = writing
            events = selectors.EVENT_WRITE if writing else selectors.EVENT_READ
            self._selector.modify(connection.socket, events, connection)

    def _send_late(self) -> None:
        now = time.monotonic()
        while self._late and self._late[0][0] <= now:
            _, connection, text = self._late.popleft()
            if connection.socket.fileno() < 0:
                continue
            try:
                self._begin(connection, text)
            except ssl.SSLWantWriteError:
                self._watch(connection, writing=True)
            except OSError:
                self._close(connection)

    def _close(self, connection: _Connection) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.socket.close()
