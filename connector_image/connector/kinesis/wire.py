"""Bodies of PutRecords calls and the meaning of their answers.

A wire is a way to write them; JSON is the one that every stand-in speaks.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

import json
from binascii import b2a_base64
from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Final, Protocol

from connector.aws.failures import failure
from connector.http_client import Response
from connector.outcome import Answer, CallFailure, Outcome

TARGET: Final = "Kinesis_20131202.PutRecords"

_OK: Final = 200


class Wire(Protocol):
    """A way to write PutRecords."""

    content_type: str

    def encode(self, keys: Sequence[str], data: Sequence[bytes]) -> bytes:
        """Write the body of a call."""

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""


def stream_member(stream: str) -> tuple[str, str]:
    """Name the member of a request that names the stream, and its value."""
    return ("StreamARN" if stream.startswith("arn:") else "StreamName", stream)


class JsonWire:
    """AWS JSON 1.1: data in base64, a third more bytes."""

    content_type = "application/x-amz-json-1.1"

    def __init__(self, stream: str) -> None:
        name, value = stream_member(stream)
        self._head = f'{{{json.dumps(name)}:{json.dumps(value)},"Records":['.encode()

    def encode(self, keys: Sequence[str], data: Sequence[bytes]) -> bytes:
        """Write the body of a call."""
        base64 = b2a_base64
        return b"%b%b]}" % (
            self._head,
            b",".join(
                [
                    b'{"Data":"%b","PartitionKey":%b}' % (base64(value, newline=False), key)
                    for value, key in zip(data, _quoted(keys), strict=True)
                ]
            ),
        )

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""
        try:
            content = json.loads(response.body) if response.body else {}
        except (ValueError, RecursionError):
            content = {}
        if response.status != _OK:
            return failure(response, content)
        try:
            results = content["Records"]
            if len(results) != count:
                return CallFailure("UnreadableAnswer", f"{len(results)} results for {count} records")
            codes = [result.get("ErrorCode") for result in results]
            numbers = [result.get("SequenceNumber") for result in results]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return CallFailure("UnreadableAnswer", f"HTTP 200, but {error!r} in {response.body[:200]!r}")
        return _answer(codes, numbers)


def _answer(codes: Sequence[object], numbers: Sequence[object]) -> Answer:
    """Only a sequence number without an error proves a record taken; the call's count of failures proves nothing."""
    taken = [
        code is None and isinstance(number, str) and number != "" for code, number in zip(codes, numbers, strict=True)
    ]
    if all(taken):
        return Answer(None, [str(number) for number in numbers])
    return Answer(
        [None if good else _code(code) for good, code in zip(taken, codes, strict=True)],
        [str(number) if good else "" for good, number in zip(taken, numbers, strict=True)],
    )


def _code(code: object) -> str:
    return code if isinstance(code, str) and code else "UnreadableResult"


def _quoted(keys: Sequence[str]) -> list[bytes]:
    joined = "".join(keys)
    if joined.isprintable() and '"' not in joined and "\\" not in joined:
        return [b'"%b"' % key.encode() for key in keys]
    return [encode_basestring(key).encode() for key in keys]
