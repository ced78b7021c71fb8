"""PutRecords in CBOR: data goes as it is, keys need no escapes, and a body is a quarter smaller than in JSON.

The JVM's SDKs have spoken it to Kinesis since 2016 (aws-sdk-java 1.11.71; aws-sdk-java-v2 #864, #1298). Members have
the names of the JSON protocol, blobs are byte strings. Errors may come as JSON all the same (aws-sdk-java-v2 #1595).
"""

import re
import struct
from collections.abc import Sequence
from typing import Final

import cbor2

from connector.batch import Records
from connector.http_response import Response
from connector.kinesis.answers import NUMBER_LENGTH, OK, outcome
from connector.kinesis.json_wire import decoded
from connector.kinesis.wire import stream_member
from connector.outcome import Answer, Outcome, Placement

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
# The first result, and between it and the next a byte or two that end the one and begin the other (maps of known length
# or open ones).
_FIRST: Final = re.compile(
    rb"%b[0-9]{%d}%bshardId-[0-9]{12}(?:(\xa2|\xff\xbf)%b)?"
    % (re.escape(_NUMBER_LABEL), NUMBER_LENGTH, _SHARD_LABEL, re.escape(_NUMBER_LABEL))
)
_SHARD_AT: Final = len(_NUMBER_LABEL) + NUMBER_LENGTH
_LABEL_PLACES: Final = (
    *range(len(_NUMBER_LABEL)),
    *range(_SHARD_AT, _SHARD_AT + len(_SHARD_LABEL) + len("shardId-")),
)
# The ends of open maps and arrays, and perhaps another member: "EncryptionType": "KMS".
_LONGEST_TAIL: Final = 32
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


class _Heads(dict[int, bytes]):
    """What stands before an item, by the item's length, written when it is needed first."""

    def __init__(self, before: bytes, major: int) -> None:
        self._before = before
        self._major = major

    def __missing__(self, length: int) -> bytes:
        if len(self) >= _HEADS:
            self.clear()
        written = self[length] = self._before + head(self._major, length)
        return written


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

    def encode(self, records: Records) -> bytes:
        """Write the body of a call."""
        count, keys, data = len(records.keys), records.keys, records.data
        columns: list[Sequence[bytes]] = []
        data_heads = self._data
        if records.hash_keys is not None:
            hash_keys = [key.encode() for key in records.hash_keys]
            columns = [list(map(self._hash_keys.__getitem__, map(len, hash_keys))), hash_keys]
            data_heads = self._hashed_data
        columns += [
            list(map(data_heads.__getitem__, map(len, data))),
            data,
            list(map(self._keys.__getitem__, map(len, keys))),
            keys,
        ]
        width = len(columns)
        parts = [b""] * (1 + width * count)
        parts[0] = self._head + head(_ARRAY, count)
        for index, column in enumerate(columns):
            parts[1 + index :: width] = column
        return b"".join(parts)

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


def _all_taken(body: bytes, count: int) -> list[Placement] | None:
    """Read an answer that gives every record a number and a shard in the service's usual spelling.

    All results then have one length and are taken apart in one pass. None means that the answer must be decoded.
    """
    first = _FIRST.search(body)
    if first is None or (first[1] is None) != (count == 1):
        return None
    start, gap = first.start(), len(first[1] or b"")
    stride = _WIDTH + gap
    end = start + stride * count - gap
    # Nothing but the rest of the outer items follows: a longer tail would be more results.
    if not 0 <= len(body) - end <= _LONGEST_TAIL or b"Error" in body[:start]:
        return None
    region = body[start:end] + first[1] if gap else body[start:end]
    # A result that is another one has other bytes where the labels are.
    if any(region[place::stride] != bytes([region[place]]) * count for place in _LABEL_PLACES):
        return None
    form = struct.Struct(f"{len(_NUMBER_LABEL)}x{NUMBER_LENGTH}s{len(_SHARD_LABEL)}x{_SHARD_LENGTH}s{gap}x")
    return list(form.iter_unpack(region))
