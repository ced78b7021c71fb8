"""PutRecords in AWS JSON 1.1, which every stand-in speaks: data in base64, a third more bytes."""

import json
from binascii import b2a_base64
from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Final

from connector.batch import Records
from connector.http_response import Response
from connector.kinesis.answers import outcome
from connector.kinesis.wire import stream_member
from connector.outcome import Outcome

# In strings these need an escape, as do all control characters.
_ESCAPED: Final = (b'"', b"\\")


class JsonWire:
    """Writes and reads calls for one stream; `hash_key` is the explicit hash key of all records, if there is one."""

    content_type = "application/x-amz-json-1.1"

    def __init__(self, stream: str, hash_key: str | None = None) -> None:
        name, value = stream_member(stream)
        self._head = f'{{{json.dumps(name)}:{json.dumps(value)},"Records":['.encode()
        self._hash_key = b'"ExplicitHashKey":"%b",' % hash_key.encode() if hash_key is not None else b""

    def encode(self, parts: Sequence[Records]) -> bytes:
        """Write the body of a call of all these records."""
        return b"%b%b]}" % (self._head, b",".join([written for part in parts for written in self._written(part)]))

    def _written(self, records: Records) -> list[bytes]:
        base64, fixed = b2a_base64, self._hash_key
        if records.hash_keys is None:
            return [
                b'{%b"Data":"%b","PartitionKey":%b}' % (fixed, base64(value, newline=False), key)
                for value, key in zip(records.data, _quoted(records.keys), strict=True)
            ]
        return [
            b'{"ExplicitHashKey":"%b","Data":"%b","PartitionKey":%b}'
            % (hash_key.encode(), base64(value, newline=False), key)
            for hash_key, value, key in zip(records.hash_keys, records.data, _quoted(records.keys), strict=True)
        ]

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""
        return outcome(response, decoded(response), count)


def decoded(response: Response) -> object:
    """Decode a JSON body; None when it is none."""
    try:
        return json.loads(response.body) if response.body else None
    except (ValueError, RecursionError):
        return None


def _quoted(keys: Sequence[bytes]) -> list[bytes]:
    joined = b"".join(keys)
    if joined.decode().isprintable() and not any(character in joined for character in _ESCAPED):
        return [b'"%b"' % key for key in keys]
    return [encode_basestring(key.decode()).encode() for key in keys]
