"""As much of CBOR (RFC 8949) as is written by hand, because it is written for every record."""

import struct
from typing import Final

# RFC 8949, section 3.1: the major type in the upper three bits of the first byte.
BYTES, TEXT, ARRAY, MAP = 2 << 5, 3 << 5, 4 << 5, 5 << 5
# The argument stands in the first byte itself, or in so many bytes after it, as the lower five bits tell.
_ARGUMENTS: Final = ((24, ""), (1 << 8, ">BB"), (1 << 16, ">BH"), (1 << 32, ">BI"))
_INLINE: Final = 24


def head(major: int, length: int) -> bytes:
    """Write the head of a CBOR item; `major` is its type in the upper three bits."""
    if length < _INLINE:
        return bytes([major | length])
    for size, (limit, form) in enumerate(_ARGUMENTS[1:]):
        if length < limit:
            return struct.pack(form, major | _INLINE + size, length)
    raise ValueError(f"{length} bytes are more than any call holds")


def text(value: str) -> bytes:
    """Write a text string."""
    encoded = value.encode()
    return head(TEXT, len(encoded)) + encoded
