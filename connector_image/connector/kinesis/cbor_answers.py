"""Answers to PutRecords in CBOR, read without an object of every result, where they are spelt as the service does."""

import re
import struct
from functools import lru_cache
from typing import Final

from connector.aws.said import name_in
from connector.kinesis.answers import NUMBER_LENGTH
from connector.kinesis.cbor import ARRAY, TEXT, head
from connector.kinesis.shard_pacing import throttled_shard
from connector.outcome import Answer, Placements

_SHARD_LENGTH: Final = len("shardId-000000000000")
_NUMBER_LABEL: Final = b"nSequenceNumberx" + bytes([NUMBER_LENGTH])
_SHARD_LABEL: Final = b"gShardIdt"
_SHARD_AT: Final = len(_NUMBER_LABEL) + NUMBER_LENGTH
_WIDTH: Final = _SHARD_AT + len(_SHARD_LABEL) + _SHARD_LENGTH
_CODE_LABEL: Final = b"iErrorCode"
# The head of the array of results, and that of the first one's map: of known lengths, or open.
_RESULTS: Final = re.compile(rb"gRecords(\x9f|[\x80-\x97]|\x98.|\x99..)(\xa2|\xbf)", re.DOTALL)
# Bytes behind the results at most, where nothing but the count of failures and the kind of encryption stands there.
_AROUND: Final = 80
_OPEN_ARRAY, _OPEN_MAP, _BREAK = b"\x9f", b"\xbf", b"\xff"
_MESSAGE_LABEL: Final = b"lErrorMessage"
# A result with a number and a shard in which every digit is made a 0. So is one byte more, that of the number's length,
# which happens to be the digit 8.
_ZEROS: Final = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
_RESULT: Final = (_NUMBER_LABEL + b"0" * NUMBER_LENGTH + _SHARD_LABEL + b"shardId-000000000000").translate(_ZEROS)


def quick_answer(body: bytes, count: int) -> Answer | None:
    """Read an answer that gives each of `count` records a number and a shard, or a code and a message.

    Results with a number all have one length, and each ends where the next one begins; so they are taken apart in one
    pass from one refused record to the next. None means that the answer is spelt in another way and must be decoded.
    """
    outer = _RESULTS.search(body)
    if outer is None or outer[1] not in (_OPEN_ARRAY, head(ARRAY, count)):
        return None
    opened, closed = outer[2], _BREAK if outer[2] == _OPEN_MAP else b""
    stride = len(opened) + _WIDTH + len(closed)
    at = outer.end(1)
    # Most answers refuse nothing. That all results look like numbers shows it sooner than a search for a code. They
    # are no longer then than so many numbers and what may stand around them.
    may_be_whole = len(body) - at - count * stride <= _AROUND
    whole = _taken(body, at, count, opened, closed) if may_be_whole else None
    if whole is not None:
        read, at = Answer(placements=Placements(list(whole[0::2]), list(whole[1::2]))), at + count * stride
    else:
        found = _with_refusals(body, at, count, opened, closed)
        if found is None:
            return None
        read, at = found
    if outer[1] == _OPEN_ARRAY and not body.startswith(_BREAK, at):
        return None
    return read


def _with_refusals(body: bytes, at: int, count: int, opened: bytes, closed: bytes) -> tuple[Answer, int] | None:
    """Read results of which some are refusals; return where they end as well."""
    stride = len(opened) + _WIDTH + len(closed)
    between, refusals, index = list[bytes](), list[tuple[int, str, str]](), 0
    while index < count:
        left = count - index
        refused = body.find(_CODE_LABEL, at)
        taken, odd = divmod(refused - len(opened) - at, stride) if refused >= 0 else (left, 0)
        if odd or taken > left:
            return None
        between.append(body[at : at + taken * stride])
        at += taken * stride
        index += taken
        if index < count:
            refusal = _refusal(body, at, opened, closed)
            if refusal is None:
                return None
            code, message, at = refusal
            refusals.append((index, code, message))
            index += 1
    found = _taken(b"".join(between), 0, count - len(refusals), opened, closed)
    if found is None:
        return None
    numbers, shards = list(found[0::2]), list(found[1::2])
    for place, _, message in refusals:
        numbers.insert(place, b"")
        shards.insert(place, (throttled_shard(message) or "").encode())
    return Answer({place: code for place, code, _ in refusals}, Placements(numbers, shards)), at


def _taken(body: bytes, at: int, count: int, opened: bytes, closed: bytes) -> tuple[bytes, ...] | None:
    """Read so many results with numbers, one after the other: number, shard, number, shard, ..."""
    if not count:
        return ()
    form = _results(count, len(closed))
    end = at + form.size
    if end > len(body):
        return None
    # One pass shows that every result is one, and that its number is digits: nothing else proves a record taken.
    stride, length_at = form.size // count, len(opened) + len(_NUMBER_LABEL) - 1
    if body[at:end].translate(_ZEROS) != (opened + _RESULT + closed) * count:
        return None
    if body[at + length_at : end : stride] != _NUMBER_LABEL[-1:] * count:
        return None
    return form.unpack_from(body, at)


@lru_cache(maxsize=1024)
def _results(count: int, closed: int) -> struct.Struct:
    one = f"{1 + len(_NUMBER_LABEL)}x{NUMBER_LENGTH}s{len(_SHARD_LABEL)}x{_SHARD_LENGTH}s{closed}x"
    return struct.Struct(one * count)


def _refusal(body: bytes, at: int, opened: bytes, closed: bytes) -> tuple[str, str, int] | None:
    """Read one result with a code and a message; return them and where it ends."""
    if not body.startswith(opened + _CODE_LABEL, at):
        return None
    code = _text(body, at + len(opened) + len(_CODE_LABEL))
    if code is None or not name_in(code[0]) or not body.startswith(_MESSAGE_LABEL, code[1]):
        return None
    message = _text(body, code[1] + len(_MESSAGE_LABEL))
    if message is None or not body.startswith(closed, message[1]):
        return None
    return code[0], message[0], message[1] + len(closed)


def _text(body: bytes, at: int) -> tuple[str, int] | None:
    """Read a text of known length; return it and where it ends."""
    first = body[at : at + 1]
    size = 1 if b"\x60" <= first <= b"\x77" else 2 if first == b"\x78" else 3 if first == b"\x79" else 0
    if not size or at + size > len(body):
        return None
    length = int.from_bytes(body[at + 1 : at + size]) if size > 1 else body[at] - TEXT
    end = at + size + length
    try:
        return (body[at + size : end].decode(), end) if end <= len(body) else None
    except UnicodeDecodeError:
        return None
