"""What the benchmarks send: records that tell where they belong, so that whoever takes them can judge order and loss.

A value is ASCII without line ends, so that every sink and packing takes it as it is. It begins with a head of 32
characters, the base64 of a fixed mark, the time of creation, the record's number and its *place*, which is its key
within its partition. The rest is random.
"""

from __future__ import annotations

import random
import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterator
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

Heads = NDArray[np.void]

KEYS: Final = 100_000
PARTITIONS: Final = 8
PLACES: Final = KEYS  # a key lives in one partition

_HEAD: Final = Struct("<QIIH")
_FIELDS: Final = np.dtype([("created", "<u8"), ("number", "<u4"), ("place", "<u4"), ("spare", "<u2")])
MARK: Final = b"bench+1/"
_HEAD_LENGTH: Final = 32
_FIND: Final = re.compile(re.escape(MARK) + rb"([A-Za-z0-9+/]{24})")
# Base64 goes in steps of four characters for three bytes; these hold the head and one byte more.
_IN_BASE64: Final = 44
_FIND_IN_BASE64: Final = re.compile(rb'"Data": ?"([^"]{44})')
_MARK_IN_BASE64: Final = b64encode(MARK[:6])
# Records draw their filling from random places of this many characters.
_POOL: Final = 1 << 22


def key_of(place: int) -> bytes:
    """The key of a record, 8 characters."""
    return b"k%07d" % place


def partition_of(place: int) -> int:
    """The partition that holds a key."""
    return place % PARTITIONS


def head(number: int, place: int, created: int = 0) -> bytes:
    """What a value begins with; `created` is in nanoseconds since the epoch, 0 where nobody asks."""
    return MARK + b64encode(_HEAD.pack(created, number, place, 0))


def generate(count: int, size: int, seed: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield place and value of `count` records; keys are uniform draws, `size` is that of the value in bytes.

    The numbers ascend, so within a partition and within a key as well.
    """
    chance = random.Random(seed)
    pool = b64encode(chance.randbytes(_POOL * 3 // 4))
    filling = size - _HEAD_LENGTH
    last = len(pool) - filling
    for number in range(count):
        place = int(chance.random() * PLACES)
        start = int(chance.random() * last)
        yield place, head(number, place) + pool[start : start + filling]


def found_in(data: bytes | bytearray, start: int = 0, stop: int | None = None) -> Heads:
    """The heads of all records in these bytes, in their order: fields `created`, `number` and `place`."""
    stop = len(data) if stop is None else stop
    heads = _evenly_spaced(data, start, stop, MARK, _HEAD_LENGTH)
    if heads is None:
        return _read(b"".join(_FIND.findall(data, start, stop)))
    return _read(heads[:, len(MARK) :].tobytes())


def found_in_base64(data: bytes | bytearray, start: int, stop: int) -> Heads:
    """The same of records of which each is base64 by itself, behind the word `"Data"` of JSON."""
    heads = _evenly_spaced(data, start, stop, _MARK_IN_BASE64, _IN_BASE64)
    if heads is None:
        return found_in(a2b_base64(b"".join(_FIND_IN_BASE64.findall(data, start, stop))))
    return found_in(a2b_base64(heads.tobytes()))


def _read(heads: bytes) -> Heads:
    return np.frombuffer(a2b_base64(heads), dtype=_FIELDS)


def _evenly_spaced(data: bytes | bytearray, start: int, stop: int, mark: bytes, width: int) -> NDArray[np.uint8] | None:
    """Rows of `width` bytes that begin with the mark, where they follow one another at one distance; else None.

    Records of one size and keys of one size do, and reading them so costs a tenth of looking for each.
    """
    first = data.find(mark, start, stop)
    second = data.find(mark, first + 1, stop)
    if first < 0 or second < 0:
        return None
    distance = second - first
    count = (stop - first - width) // distance + 1
    whole = np.frombuffer(data, dtype=np.uint8, count=stop - first, offset=first)
    rows = np.lib.stride_tricks.as_strided(whole, (count, width), (distance, 1), writeable=False)
    return rows if (rows[:, : len(mark)] == np.frombuffer(mark, dtype=np.uint8)).all() else None
