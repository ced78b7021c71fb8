"""Records that the Kinesis Producer Library packed into one, taken apart again, as Firehose does with them.

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16
_RECORDS, _DATA = 3, 3
"""Numbers of the fields in the protocol buffer: the records of an aggregate, the data of a record."""
_LENGTH_DELIMITED = 2


def deaggregated(data: bytes) -> list[bytes]:
    """The records in an aggregate; what is no aggregate, or a damaged one, is a record by itself."""
    body, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC) or md5(body, usedforsecurity=False).digest() != digest:
        return [data]
    return [
        data
        for number, record in _fields(body)
        if number == _RECORDS
        for inner, data in _fields(record)
        if inner == _DATA
    ]


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and contents of a message's texts, bytes and messages; numbers in it are passed over."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        value, position = _varint(message, position)
        if key & 7 == _LENGTH_DELIMITED:
            yield key >> 3, message[position : position + value]
            position += value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004  the bit that says that more follow
            return value, position
