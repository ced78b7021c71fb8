"""PutRecords in CBOR: data goes as it is, keys need no escapes, and a body is a quarter smaller than in JSON.

The JVM's SDKs have spoken it to Kinesis since 2016 (aws-sdk-java 1.11.71; aws-sdk-java-v2 #864, #1298). Members have
the names of the JSON protocol, blobs are byte strings. Errors may come as JSON all the same (aws-sdk-java-v2 #1595).
"""

from collections.abc import Sequence
from typing import Final

import cbor2

from connector.batch import Records
from connector.http_response import Response
from connector.kinesis.answers import OK, outcome
from connector.kinesis.cbor import ARRAY, BYTES, MAP, TEXT, head, text
from connector.kinesis.cbor_answers import quick_answer
from connector.kinesis.json_wire import decoded
from connector.kinesis.wire import stream_member
from connector.outcome import Outcome

# Heads by length are kept, of so many lengths at most.
_HEADS: Final = 1 << 16


class _Heads:
    """What stands before an item, by the item's length, written when it is needed first."""

    def __init__(self, before: bytes, major: int) -> None:
        self._before = before
        self._major = major
        self._written: dict[int, bytes] = {}

    def of(self, lengths: Sequence[int]) -> list[bytes]:
        """Return the heads of items of these lengths."""
        written = self._written
        try:
            return list(map(written.__getitem__, lengths))
        except KeyError:
            if len(written) >= _HEADS:
                written.clear()
            missing = set(lengths).difference(written)
            written.update((length, self._before + head(self._major, length)) for length in missing)
            return list(map(written.__getitem__, lengths))


class _InBody:
    """The data of some records in the body of the call that they left in; where, is worked out when it is asked for."""

    __slots__ = ("_before", "_body", "_data_heads", "_key_heads", "_keys", "_lengths", "_size")

    def __init__(
        self,
        body: bytes,
        before: "_InBody | int",
        records: Records,
        lengths: list[int],
        data_heads: list[bytes],
        key_heads: list[bytes],
    ) -> None:
        """Remember what was written of each record: a head, its data of a length, another head, and its key.

        `before` are the records in front of these, or the bytes in front of the first.
        """
        self._body = body
        self._before = before
        self._keys = list(records.keys)  # some may be taken out of theirs
        self._size = records.size
        self._lengths = lengths
        self._data_heads = data_heads
        self._key_heads = key_heads

    @property
    def _start(self) -> int:
        return self._before if isinstance(self._before, int) else self._before.end

    @property
    def end(self) -> int:
        """Where these records end."""
        return self._start + self._size + len(b"".join(self._data_heads)) + len(b"".join(self._key_heads))

    def some(self, indices: Sequence[int]) -> list[bytes]:
        """See `Kept`."""
        body, at, passed, found = self._body, self._start, 0, list[bytes]()
        for index in indices:
            between = slice(passed, index)
            # To join small texts is the quickest way to add up their lengths.
            at += sum(self._lengths[between])
            for items in (self._data_heads, self._key_heads, self._keys):
                at += len(b"".join(items[between]))
            passed = index
            start = at + len(self._data_heads[index])
            found.append(body[start : start + self._lengths[index]])
        return found

    def all(self) -> list[bytes]:
        """See `Kept`."""
        body, at, found = self._body, self._start, list[bytes]()
        for before, length, behind, key in zip(
            self._data_heads, self._lengths, self._key_heads, self._keys, strict=True
        ):
            at += len(before)
            found.append(body[at : at + length])
            at += length + len(behind) + len(key)
        return found


class CborWire:
    """Writes and reads calls for one stream; `hash_key` is the explicit hash key of all records, if there is one."""

    content_type = "application/x-amz-cbor-1.1"

    def __init__(self, stream: str, hash_key: str | None = None) -> None:
        name, value = stream_member(stream)
        self._head = head(MAP, 2) + text(name) + text(value) + text("Records")
        fixed = text("ExplicitHashKey") + text(hash_key) if hash_key is not None else b""
        members = 2 if hash_key is None else 3
        self._data = _Heads(head(MAP, members) + fixed + text("Data"), BYTES)
        self._keys = _Heads(text("PartitionKey"), TEXT)
        self._hashed_data = _Heads(text("Data"), BYTES)
        self._hash_keys = _Heads(head(MAP, 3) + text("ExplicitHashKey"), TEXT)

    def encode(self, parts: Sequence[Records]) -> bytes:
        """Write the body of a call of all these records, which let go of their data: the body holds it."""
        count = sum(len(part.keys) for part in parts)
        written = [self._head + head(ARRAY, count)]
        kept = []
        for part in parts:
            lengths = list(map(len, part.data))
            key_heads = self._keys.of(list(map(len, part.keys)))
            data_heads = self._data_heads(part, lengths)
            _add_columns(written, [data_heads, part.data, key_heads, part.keys])
            kept.append((part, lengths, data_heads, key_heads))
        body = b"".join(written)
        at: _InBody | int = len(written[0])
        for part, lengths, data_heads, key_heads in kept:
            at = _InBody(body, at, part, lengths, data_heads, key_heads)
            part.let_go(at)
        return body

    def _data_heads(self, part: Records, lengths: list[int]) -> list[bytes]:
        """Write what stands before the data of each record."""
        if part.hash_keys is None:
            return self._data.of(lengths)
        hash_keys = [key.encode() for key in part.hash_keys]
        hash_heads = self._hash_keys.of(list(map(len, hash_keys)))
        return list(map(b"".join, zip(hash_heads, hash_keys, self._hashed_data.of(lengths), strict=True)))

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""
        if response.status == OK and (answer := quick_answer(response.body, count)) is not None:
            return answer
        if "json" in response.headers.get("content-type", ""):
            return outcome(response, decoded(response), count)
        try:
            content = cbor2.loads(response.body) if response.body else None
        # Whatever is wrong with the bytes: the library lets through what its parts raise.
        except Exception:  # noqa: BLE001
            content = None
        return outcome(response, content, count)


def _add_columns(written: list[bytes], columns: Sequence[Sequence[bytes]]) -> None:
    """Write the first item of each column, then the second of each, and so on."""
    width, start = len(columns), len(written)
    written += [b""] * (width * len(columns[0]))
    for place, column in enumerate(columns):
        written[start + place :: width] = column
