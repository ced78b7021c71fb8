"""Responses of HTTP/1.1, read from bytes as they come in."""

import re
from dataclasses import dataclass
from typing import Final

LONGEST_ANSWER: Final = 4 << 20
"""Bytes. Five hundred results of records take 60 KB, and an eighth of this if each quotes a long message."""
_LONGEST_HEAD: Final = 1 << 16
_NO_BODY: Final = frozenset({204, 304})
_LENGTH_DIGITS: Final = 18
_HEX_LENGTH: Final = re.compile(rb"[0-9A-Fa-f]{1,7}")


class ConnectionFailed(Exception):  # noqa: N818 - what happened, not a mistake of a caller
    """The connection broke or the peer does not speak HTTP; whether a request was served is unknown."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    """What comes before the body, which starts at `start`; `length` is None for one in chunks."""

    status: int
    headers: dict[str, str]
    keeps_alive: bool
    start: int
    length: int | None


class ResponseReader:
    """Puts the responses of one connection together. No byte is looked at again when others have come."""

    __slots__ = ("_at", "_head", "_parts", "_received")

    def __init__(self) -> None:
        self._received = bytearray()
        self._head: _Head | None = None
        self._at = 0  # so far the head was searched for its end, or chunks were read
        self._parts: list[bytes] = []  # the chunks

    def __len__(self) -> int:
        return len(self._received)

    def feed(self, data: memoryview) -> None:
        """Take in bytes of the response."""
        self._received += data

    def clear(self) -> None:
        """Forget a response that is complete or will never be."""
        self._received.clear()
        self._head, self._at, self._parts = None, 0, []

    def take(self) -> tuple[Response, bool] | None:
        """Return the response and whether the connection stays open; None while bytes are missing.

        Raises:
            ConnectionFailed: these bytes are no HTTP/1.x response, or more than any has.
        """
        head = self._head = self._head or self._read_head()
        if head is None:
            return None
        if len(self._received) > LONGEST_ANSWER or (head.length or 0) > LONGEST_ANSWER:
            raise ConnectionFailed(f"the answer has more than {LONGEST_ANSWER >> 20} MiB")
        body = self._whole(head.start, head.length) if head.length is not None else self._chunked()
        if body is None:
            return None
        # What follows was not asked for: there is no telling which answer would be whose.
        keeps_alive = head.keeps_alive and self._at == len(self._received)
        self.clear()
        return Response(head.status, head.headers, body), keeps_alive

    def _read_head(self) -> _Head | None:
        received = self._received
        end = received.find(b"\r\n\r\n", max(0, self._at - 3))
        self._at = len(received)
        if end > _LONGEST_HEAD or (end < 0 and len(received) > _LONGEST_HEAD):
            raise ConnectionFailed("the answer's head does not end")
        if end < 0:
            return None
        first, *lines = bytes(received[:end]).decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        status = _number(rest[:3], 3)
        if not version.startswith("HTTP/1.") or status is None:
            raise ConnectionFailed(f"the answer is not HTTP: {first[:60]!r}")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = None
        # A length beside chunks says nothing (RFC 9112, section 6.3).
        if headers.get("transfer-encoding", "").lower() != "chunked":
            length = _number(headers.get("content-length", "0" if status in _NO_BODY else ""), _LENGTH_DIGITS)
            if length is None:
                raise ConnectionFailed("the answer does not tell its length")
        connection = headers.get("connection", "").lower()
        keeps_alive = connection == "keep-alive" if version == "HTTP/1.0" else connection != "close"
        self._at = end + 4
        return _Head(status, headers, keeps_alive, self._at, length)

    def _whole(self, start: int, length: int) -> bytes | None:
        self._at = start + length
        return bytes(self._received[start : self._at]) if len(self._received) >= self._at else None

    def _chunked(self) -> bytes | None:
        received = self._received
        while True:
            line_end = received.find(b"\r\n", self._at)
            if line_end < 0:
                if len(received) - self._at > _LONGEST_HEAD:
                    raise ConnectionFailed("the length of the answer's chunk does not end")
                return None
            text = bytes(received[self._at : line_end]).partition(b";")[0].strip()
            if not _HEX_LENGTH.fullmatch(text):
                raise ConnectionFailed(f"the answer has a bad chunk length: {text[:20]!r}")
            length = int(text, 16)
            if length == 0:
                # Trailers, if any, end with an empty line.
                done = received.find(b"\r\n\r\n", line_end)
                if done < 0 and len(received) - line_end > _LONGEST_HEAD:
                    raise ConnectionFailed("the answer's trailers do not end")
                if done < 0:
                    return None
                self._at = done + 4
                return b"".join(self._parts)
            end = line_end + 2 + length + 2
            if len(received) < end:
                return None
            self._parts.append(bytes(received[line_end + 2 : end - 2]))
            self._at = end


def _number(text: str, digits: int) -> int | None:
    """Read a number of so many ASCII digits at most; `int` and `isdigit` take others too, and not the same ones."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
