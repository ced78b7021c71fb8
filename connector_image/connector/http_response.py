"""Responses of HTTP/1.1, read from bytes as they come in."""

import re
from dataclasses import dataclass
from typing import Final

_LONGEST_HEAD: Final = 1 << 16
_NO_BODY: Final = frozenset({204, 304})
# No answer of a service comes near to a gigabyte.
_LENGTH_DIGITS: Final = 9
_LENGTH: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength:[ \t]*([0-9]{1,9})[ \t]*\r\n")
_HEX_LENGTH: Final = re.compile(rb"[0-9A-Fa-f]{1,7}")


class ConnectionFailed(Exception):  # noqa: N818 - what happened, not a mistake of a caller
    """The connection broke or the peer does not speak HTTP; whether a request was served is unknown."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


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


def needed(received: bytes | bytearray) -> int:
    """Tell how many bytes a response that is not complete has at least."""
    match = _LENGTH.search(received)
    end = received.find(b"\r\n\r\n")
    return end + 4 + int(match[1]) if match and end >= match.start() else len(received) + 1


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
