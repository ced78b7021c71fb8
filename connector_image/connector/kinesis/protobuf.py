"""As much of protobuf's encoding as an aggregate needs: numbers, and bytes behind their length.

https://protobuf.dev/programming-guides/encoding/

Each field begins with its tag, a number: eight times the number of the field, and the kind of what follows.
"""

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
BYTES: Final = 2

_FIXED_SIZES: Final = {1: 8, 5: 4}
_TAGS: Final = range(8, 1 << 32)

# A number is written as groups of seven bits, the lowest first; all but the last byte have the eighth bit set.
_GROUP: Final = 7
_MORE: Final = 1 << _GROUP
_MASK: Final = _MORE - 1
_WIDTH: Final = 64


class MalformedError(Exception):
    """The bytes are no such message."""


def varint(number: int) -> bytes:
    """Write a number from 0 on."""
    encoded = bytearray()
    while number >= _MORE:
        encoded.append(number & _MASK | _MORE)
        number >>= _GROUP
    encoded.append(number)
    return bytes(encoded)


def fields(message: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the tag of each field and what it holds, a number or bytes; those of other kinds are passed over.

    Raises:
        MalformedError: it ends too early or cannot be read. Groups, long out of use, cannot either.
    """
    at, end = 0, len(message)
    while at < end:
        tag, at = _number(message, at)
        if tag not in _TAGS:
            raise MalformedError
        kind = tag & 7
        if kind == VARINT:
            number, at = _number(message, at)
            yield tag, number, b""
            continue
        if kind == BYTES:
            length, start = _number(message, at)
            at = start + length
        else:
            at += _FIXED_SIZES.get(kind, end + 1)
        if at > end:
            raise MalformedError
        if kind == BYTES:
            yield tag, 0, message[start:at]


def _number(message: bytes, at: int) -> tuple[int, int]:
    """Read a number of up to 64 bits; return it and where the next thing begins."""
    number = shift = 0
    try:
        while shift < _WIDTH:
            byte = message[at]
            at += 1
            if byte < _MORE:
                return (number | byte << shift) & ((1 << _WIDTH) - 1), at
            number |= (byte & _MASK) << shift
            shift += _GROUP
    except IndexError:
        pass
    raise MalformedError
