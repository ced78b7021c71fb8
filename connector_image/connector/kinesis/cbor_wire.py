"""PutRecords in CBOR: data goes as it is, keys need no escapes, and a body is a quarter smaller than in JSON.

The JVM's SDKs have spoken it to Kinesis since 2016 (aws-sdk-java 1.11.71; aws-sdk-java-v2 #864, #1298). Members have
the names of the JSON protocol, blobs are byte strings. Errors may come as JSON all the same (aws-sdk-java-v2 #1595).
"""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import cbor2

from connector.batch import Records
from connector.http_response import Response
from connector.kinesis.answers import NUMBER_LENGTH, OK, outcome
from connector.kinesis.json_wire import decoded
from connector.kinesis.wire import stream_member
from connector.outcome import Answer, Outcome, Placements

# RFC 8949, section 3.1: the major type in the upper three bits of the first byte.
_BYTES, _TEXT, _ARRAY, _MAP = 2 << 5, 3 << 5, 4 << 5, 5 << 5
# The argument stands in the first byte itself, or in so many bytes after it, as the lower five bits tell.
_ARGUMENTS: Final = ((24, ""), (1 << 8, ">BB"), (1 << 16, ">BH"), (1 << 32, ">BI"))
_INLINE: Final = 24
# Heads by length are kept, of so many lengths at most.
_HEADS: Final = 1 << 16

_SHARD_LENGTH: Final = len("shardId-000000000000")
_NUMBER_LABEL: Final = b"nSequenceNumberx" + bytes([NUMBER_LENGTH])
_SHARD_LABEL: Final = b"gShardIdt"
# The results up to the first one: the heads of their array and of its map, of known lengths or open.
_FIRST: Final = re.compile(
    rb"gRecords(\x9f|[\x80-\x97]|\x98.|\x99..)(\xa2|\xbf)%b[0-9]{%d}%bshardId-[0-9]{12}"
    % (re.escape(_NUMBER_LABEL), NUMBER_LENGTH, _SHARD_LABEL),
    re.DOTALL,
)
_OPEN_ARRAY, _OPEN_MAP, _BREAK = b"\x9f", b"\xbf", b"\xff"
_SHARD_AT: Final = len(_NUMBER_LABEL) + NUMBER_LENGTH
# Some bytes of the labels, by their places in a result: whatever else stands there has not all of them.
_LABELS: Final = _NUMBER_LABEL + bytes(NUMBER_LENGTH) + _SHARD_LABEL + b"shardId-"
_LABEL_BYTES: Final = [
    (at, _LABELS[at : at + 1])
    for at in (0, 1, 9, 15, 16, *range(_SHARD_AT, _SHARD_AT + 3), _SHARD_AT + 8, len(_LABELS) - 1)
]
_WIDTH: Final = len(_NUMBER_LABEL) + NUMBER_LENGTH + len(_SHARD_LABEL) + _SHARD_LENGTH


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
    return head(_TEXT, len(encoded)) + encoded


class _Heads:
    """What stands before an item, by the item's length, written when it is needed first."""

    def __init__(self, before: bytes, major: int) -> None:
        self._before = before
        self._major = major
        self._written: dict[int, bytes] = {}

    def of(self, items: Sequence[bytes]) -> list[bytes]:
        """Return the head of each item."""
        written = self._written
        try:
            return list(map(written.__getitem__, map(len, items)))
        except KeyError:
            if len(written) >= _HEADS:
                written.clear()
            lengths = set(map(len, items)).difference(written)
            written.update((length, self._before + head(self._major, length)) for length in lengths)
            return list(map(written.__getitem__, map(len, items)))


class CborWire:
    """Writes and reads calls for one stream; `hash_key` is the explicit hash key of all records, if there is one."""

    content_type = "application/x-amz-cbor-1.1"

    def __init__(self, stream: str, hash_key: str | None = None) -> None:
        name, value = stream_member(stream)
        self._head = head(_MAP, 2) + text(name) + text(value) + text("Records")
        fixed = text("ExplicitHashKey") + text(hash_key) if hash_key is not None else b""
        members = 2 if hash_key is None else 3
        self._data = _Heads(head(_MAP, members) + fixed + text("Data"), _BYTES)
        self._keys = _Heads(text("PartitionKey"), _TEXT)
        self._hashed_data = _Heads(text("Data"), _BYTES)
        self._hash_keys = _Heads(head(_MAP, 3) + text("ExplicitHashKey"), _TEXT)

    def encode(self, parts: Sequence[Records]) -> bytes:
        """Write the body of a call of all these records."""
        count = sum(len(part.keys) for part in parts)
        written = [self._head + head(_ARRAY, count)]
        for part in parts:
            columns = self._columns(part)
            width, start = len(columns), len(written)
            written += [b""] * (width * len(part.keys))
            for place, column in enumerate(columns):
                written[start + place :: width] = column
        return b"".join(written)

    def _columns(self, part: Records) -> list[Sequence[bytes]]:
        keys, data = part.keys, part.data
        if part.hash_keys is None:
            return [self._data.of(data), data, self._keys.of(keys), keys]
        hash_keys = [key.encode() for key in part.hash_keys]
        return [self._hash_keys.of(hash_keys), hash_keys, self._hashed_data.of(data), data, self._keys.of(keys), keys]

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""
        if response.status == OK and (placements := _all_taken(response.body, count)) is not None:
            return Answer(None, placements)
        if "json" in response.headers.get("content-type", ""):
            return outcome(response, decoded(response), count)
        try:
            content = cbor2.loads(response.body) if response.body else None
        # Whatever is wrong with the bytes: the library lets through what its parts raise.
        except Exception:  # noqa: BLE001
            content = None
        return outcome(response, content, count)


def _all_taken(body: bytes, count: int) -> Placements | None:
    """Read an answer that gives every record a number and a shard in the service's usual spelling.

    All results then have one length and are taken apart in one pass. Each has two members and no more, or it would not
    end where the next one begins: so none has an error. None means that the answer must be decoded.
    """
    first = _FIRST.search(body)
    if first is None or first[1] not in (_OPEN_ARRAY, head(_ARRAY, count)):
        return None
    between = _BREAK + _OPEN_MAP if first[2] == _OPEN_MAP else first[2]
    start, gap = first.end(2), len(between)
    form = _results(count, gap)
    end = start + form.size
    ends = (_BREAK if first[2] == _OPEN_MAP else b"") + (_BREAK if first[1] == _OPEN_ARRAY else b"")
    if not body.startswith(ends, end):
        return None
    # A result that is another one has other bytes where the labels are.
    stride = _WIDTH + gap
    if any(body[start + at : end : stride] != byte * count for at, byte in _LABEL_BYTES):
        return None
    if any(body[start + _WIDTH + at : end : stride] != between[at : at + 1] * (count - 1) for at in range(gap)):
        return None
    found = form.unpack_from(body, start)
    return Placements(found[0::2], found[1::2])


@lru_cache(maxsize=1024)
def _results(count: int, gap: int) -> struct.Struct:
    one = f"{len(_NUMBER_LABEL)}x{NUMBER_LENGTH}s{len(_SHARD_LABEL)}x{_SHARD_LENGTH}s"
    return struct.Struct(one + f"{gap}x{one}" * (count - 1))
