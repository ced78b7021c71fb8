"""The aggregate of the Kinesis Producer Library: many records in the data of one.

    F3 89 9A C2 | AggregatedRecord, a protobuf message | MD5 of the message, 16 bytes

    message AggregatedRecord {                        message Record {
      repeated string partition_key_table     = 1;      required uint64 partition_key_index     = 1;
      repeated string explicit_hash_key_table = 2;      optional uint64 explicit_hash_key_index = 2;
      repeated Record records                 = 3;      required bytes  data                    = 3;
    }                                                 }

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md

A record that is alone is sent as it is, as the KPL does: it costs no byte more, every reader understands it, and the
rule of readers about hash keys cannot drop it. Only data that itself begins like an aggregate is wrapped even then, so
that what a reader gets does not depend on how many records were at hand.

That rule: the Kinesis Client Library, and readers after its model, drop a whole aggregate when one hash key in it lies
outside the range of the shard that they read it from. `ShardMap.misplaced` tells whether they will.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import md5
from operator import add
from typing import Final, Generic, NamedTuple, TypeVar

from connector.kinesis.protobuf import MalformedError, fields, varint

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST_SIZE: Final = 16
FRAME_SIZE: Final = len(MAGIC) + _DIGEST_SIZE
"""Bytes of an aggregate beside its message."""

_HASH_KEYS: Final = 1 << 128
_HASH_KEY_DIGITS: Final = 39

RECORD_COST: Final = 17
"""Most bytes that a record adds to an aggregate beside its key and data: a tag and a length for each of key, record and
data, which take 2, 4 and 4 bytes at most, and a tag and the key's place in the table, of 3 bytes at most."""
HASH_KEY_COST: Final = 1 + 1 + _HASH_KEY_DIGITS + 1 + 3
"""Most bytes that an explicit hash key adds: in its table, and its place there."""

# Fields of the message, and those of a record in it.
_KEY_TAG, _HASH_KEY_TAG, _RECORD_TAG = 0x0A, 0x12, 0x1A
_KEY_INDEX_TAG, _HASH_KEY_INDEX_TAG, _DATA_TAG = 0x08, 0x10, 0x1A

_T = TypeVar("_T")


class UserRecord(NamedTuple):
    """One record of an aggregate; `hash_key` is its explicit hash key in decimal digits, if it has one."""

    key: bytes
    hash_key: str | None
    data: bytes


class _Table(dict[int, _T], Generic[_T]):
    """What follows from a number, worked out once; numbers from 4,096 on are too rare to be kept."""

    def __init__(self, make: Callable[[int], _T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> _T:
        made = self._make(number)
        if number < 1 << 12:
            self[number] = made
        return made


def _tagged(tag: int) -> _Table[bytes]:
    return _Table(lambda number: bytes([tag]) + varint(number))


def _record_head(indices: int) -> _Table[bytes]:
    return _Table(lambda length: bytes([_RECORD_TAG]) + varint(indices + len(_DATA_HEAD[length]) + length))


# By the length of a key, a hash key, the data.
_KEY_HEAD, _HASH_KEY_HEAD, _DATA_HEAD = _tagged(_KEY_TAG), _tagged(_HASH_KEY_TAG), _tagged(_DATA_TAG)
# By the index.
_KEY_AT, _HASH_KEY_AT = _tagged(_KEY_INDEX_TAG), _tagged(_HASH_KEY_INDEX_TAG)
# By the bytes that a record's indices take, each up to 6, then by the length of its data.
_RECORD_HEAD: Final = [_record_head(indices) for indices in range(13)]


def aggregate(keys: Sequence[bytes], data: Sequence[bytes], hash_keys: Sequence[str] | None = None) -> bytes:
    """Write the data of the Kinesis record that holds these records, at least one. Equal keys are written once.

    It is sent under the first record's key, and hash key if it has one, since all of them belong to one shard.

    Args:
        keys: The partition key of each record, in UTF-8.
        data: The data of each.
        hash_keys: The explicit hash key of each, in decimal digits.
    """
    if len(data) == 1 and not data[0].startswith(MAGIC):
        return data[0]
    tables, indices = _table(keys, _KEY_HEAD, _KEY_AT)
    if hash_keys is not None:
        more, hash_indices = _table([key.encode() for key in hash_keys], _HASH_KEY_HEAD, _HASH_KEY_AT)
        tables += more
        indices = list(map(add, indices, hash_indices))
    lengths = list(map(len, data))
    pieces = [b""] * (4 * len(data))
    pieces[0::4] = [_RECORD_HEAD[len(index)][length] for index, length in zip(indices, lengths, strict=True)]
    pieces[1::4] = indices
    pieces[2::4] = map(_DATA_HEAD.__getitem__, lengths)
    pieces[3::4] = data
    message = b"".join(tables + pieces)
    return b"%b%b%b" % (MAGIC, message, md5(message, usedforsecurity=False).digest())


def _table(keys: Sequence[bytes], heads: _Table[bytes], places: _Table[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Write the table of the different keys in the order of their first occurrences, and each key's place in it."""
    different = list(dict.fromkeys(keys))
    table = [b""] * (2 * len(different))
    table[0::2] = map(heads.__getitem__, map(len, different))
    table[1::2] = different
    numbers: Iterable[int] = range(len(different))
    if len(different) < len(keys):
        numbers = map(dict(zip(different, numbers, strict=True)).__getitem__, keys)
    return table, list(map(places.__getitem__, numbers))


def deaggregate(data: bytes) -> list[UserRecord] | None:
    """Take an aggregate apart; None where the data is none, and is to be handed on as it is.

    None as well for what bears the mark and the digest of an aggregate but cannot be read, or refers to a key that is
    not there: nobody drops what they do not understand. The Kinesis Client Library hands on the first of these as it
    is, too, and of the second the records before the bad one. Fields of newer versions and tags, which no library
    writes, are passed over. The shard's range is not looked at: what lies outside it was stored all the same, and who
    must drop it, as the Kinesis Client Library does, asks `ShardMap.misplaced`.
    """
    if not data.startswith(MAGIC) or len(data) <= FRAME_SIZE:
        return None
    message = data[len(MAGIC) : -_DIGEST_SIZE]
    if md5(message, usedforsecurity=False).digest() != data[-_DIGEST_SIZE:]:
        return None
    try:
        return _user_records(message)
    except (MalformedError, IndexError):
        return None


def _user_records(message: bytes) -> list[UserRecord]:
    keys, hash_keys, found = [], [], []
    for tag, _, content in fields(message):
        if tag == _RECORD_TAG:
            found.append(content)
        elif tag == _KEY_TAG:
            keys.append(content)
        elif tag == _HASH_KEY_TAG:
            hash_keys.append(_hash_key(content))
    # The tables may follow the records.
    return [_user_record(record, keys, hash_keys) for record in found]


def _user_record(record: bytes, keys: Sequence[bytes], hash_keys: Sequence[str]) -> UserRecord:
    key = data = hash_key = None
    for tag, number, content in fields(record):
        if tag == _DATA_TAG:
            data = content
        elif tag == _KEY_INDEX_TAG:
            key = keys[number]
        elif tag == _HASH_KEY_INDEX_TAG:
            hash_key = hash_keys[number]
    if key is None or data is None:
        raise MalformedError
    return UserRecord(key, hash_key, data)


def _hash_key(digits: bytes) -> str:
    if not (digits.isdigit() and len(digits) <= _HASH_KEY_DIGITS and int(digits) < _HASH_KEYS):
        raise MalformedError
    return digits.decode()
