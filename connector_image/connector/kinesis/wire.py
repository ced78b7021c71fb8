"""Bodies of PutRecords calls and the meaning of their answers.

A wire is a way to write them; JSON is the one that every stand-in speaks.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

import json
from binascii import b2a_base64
from collections.abc import Sequence
from json.encoder import encode_basestring
from typing import Final, Protocol

from connector.http_client import Response
from connector.outcome import Answer, CallFailure, Outcome

TARGET: Final = "Kinesis_20131202.PutRecords"

_OK: Final = 200
_SERVER_ERRORS: Final = 500
# These pass by themselves. The list is botocore's for its standard retry mode, and the KMS one of PutRecords.
_PASSING: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_PASSING_STATUSES: Final = frozenset({408, 429})
# Fresh credentials may help at once with the first kind, and perhaps with the second.
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
# The content of the call is at fault, so possibly a single record of it.
_CONTENT: Final = frozenset(
    {"HTTP413", "InvalidArgumentException", "SerializationException", "ValidationError", "ValidationException"}
)
_REFUSED: Final = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"})


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
            return _failure(response, content)
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


def _failure(response: Response, content: object) -> CallFailure:
    code, message = "", ""
    if isinstance(content, dict):
        code = str(content.get("__type") or content.get("code") or "")
        message = str(content.get("message") or content.get("Message") or "")
    # `com.amazonaws.kinesis#Code` in the body, `Code:http://...` in the header.
    code = code.rpartition("#")[2] or response.headers.get("x-amzn-errortype", "").partition(":")[0]
    code = code or f"HTTP{response.status}"
    passing = response.status >= _SERVER_ERRORS or response.status in _PASSING_STATUSES or code in _PASSING
    return CallFailure(
        code,
        message or f"HTTP {response.status}",
        permanent=not passing and code not in _EXPIRED and code not in _CONTENT,
        renews_credentials=code in _EXPIRED or code in _REFUSED,
        refuses_content=code in _CONTENT,
    )
