"""Reading the aggregates of the Kinesis Producer Library: many user records in the data of one record. No I/O.

    F3 89 9A C2 | AggregatedRecord, a protobuf message | MD5 of the message, 16 bytes

    message AggregatedRecord {                        message Record {
      repeated string partition_key_table     = 1;      required uint64 partition_key_index     = 1;
      repeated string explicit_hash_key_table = 2;      optional uint64 explicit_hash_key_index = 2;
      repeated Record records                 = 3;      required bytes  data                    = 3;
    }                                                 }

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md

Only what the load needs is kept of a user record: its keys, and how long its data is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import md5
from typing import NamedTuple

from cli.stream.live import KEY_SPACE

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16

_PARTITION_KEY, _EXPLICIT_HASH_KEY, _RECORD = 1, 2, 3
_PARTITION_KEY_INDEX, _EXPLICIT_HASH_KEY_INDEX, _DATA = 1, 2, 3
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_VARINT_BITS = 64
_HASH_KEY_DIGITS = len(str(KEY_SPACE))


class UserRecord(NamedTuple):
    """One record as its producer knew it."""

    partition_key: bytes
    hash_key: int
    """The explicit one where the producer gave one, else the MD5 of the partition key."""
    data_bytes: int


class _MalformedError(Exception):
    """These bytes are no such message."""


def hash_key_of(partition_key: bytes) -> int:
    """Where in the key space Kinesis puts a partition key."""
    return int.from_bytes(md5(partition_key, usedforsecurity=False).digest())


def user_records(data: bytes) -> list[UserRecord] | None:
    """The user records of an aggregate, or None where the data is none, or one that cannot be read."""
    if not data.startswith(MAGIC):
        return None
    message, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        return _read(message)
    except (_MalformedError, IndexError):
        return None


def _read(message: bytes) -> list[UserRecord]:
    keys: list[tuple[bytes, int]] = []
    hash_keys: list[int] = []
    records: list[bytes] = []
    for number, value in _fields(message):
        if not isinstance(value, bytes):
            continue
        if number == _RECORD:
            records.append(value)
        elif number == _PARTITION_KEY:
            keys.append((value, hash_key_of(value)))
        elif number == _EXPLICIT_HASH_KEY:
            hash_keys.append(_hash_key(value))
    # The tables may stand behind the records.
    return [_user_record(record, keys, hash_keys) for record in records]


def _user_record(record: bytes, keys: Sequence[tuple[bytes, int]], hash_keys: Sequence[int]) -> UserRecord:
    key = explicit = size = None
    for number, value in _fields(record):
        if isinstance(value, bytes):
            size = len(value) if number == _DATA else size
        elif number == _PARTITION_KEY_INDEX:
            key = keys[value]
        elif number == _EXPLICIT_HASH_KEY_INDEX:
            explicit = hash_keys[value]
    if key is None or size is None:
        raise _MalformedError
    return UserRecord(key[0], key[1] if explicit is None else explicit, size)


def _hash_key(digits: bytes) -> int:
    if not (digits.isdigit() and len(digits) <= _HASH_KEY_DIGITS and (number := int(digits)) < KEY_SPACE):
        raise _MalformedError
    return number


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and the value of each field; those of other kinds, which this format has none of, are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
        elif kind == _BYTES:
            length, start = _varint(message, at)
            at = start + length
            if at > len(message):
                raise _MalformedError
            yield tag >> 3, message[start:at]
        elif kind in _FIXED_BYTES:
            at += _FIXED_BYTES[kind]
        else:
            raise _MalformedError


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number, written as groups of seven bits, the lowest first, and where the next thing begins."""
    value = 0
    for shift in range(0, _VARINT_BITS, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  the bit that says that more follow
            return value, at
    raise _MalformedError
