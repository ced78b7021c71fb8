"""What an answer to PutRecords means, once it is decoded from whatever wire it came by."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.aws.failures import failure, unreadable
from connector.aws.said import name_in
from connector.http_response import Response
from connector.kinesis.shard_pacing import throttled_shard
from connector.outcome import Answer, Outcome, Placements

OK: Final = 200
NUMBER_LENGTH: Final = 56
"""Digits of a sequence number as Kinesis gives them. Shorter ones, of stand-ins, are filled up, so that all compare."""
# The longest that the service's API allows for.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsResultEntry.html
_LONGEST_NUMBER: Final = 129


def outcome(response: Response, content: object, count: int) -> Outcome:
    """Read the answer to a call of `count` records; `content` is its decoded body, None for one that cannot be."""
    if response.status != OK:
        return failure(response, content)
    results = content.get("Records") if isinstance(content, Mapping) else None
    if not isinstance(results, Sequence) or not all(isinstance(result, Mapping) for result in results):
        return unreadable(f"HTTP 200, but no results of records in {response.body[:200]!r}")
    if len(results) != count:
        return unreadable(f"{len(results)} results for {count} records")
    codes = [_code(result) for result in results]
    places = [_place(result, code) for result, code in zip(results, codes, strict=True)]
    placements = Placements([number for number, _ in places], [shard for _, shard in places])
    return Answer(codes if any(codes) else None, placements)


def _code(result: Mapping[str, Any]) -> str | None:
    """Only a sequence number without an error proves a record taken; the call's count of failures proves nothing."""
    code, number = result.get("ErrorCode"), result.get("SequenceNumber")
    if code is None and isinstance(number, str) and _is_number(number):
        return None
    return name_in(code) or "UnreadableResult"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def _place(result: Mapping[str, Any], code: str | None) -> tuple[bytes, bytes]:
    if code is None:
        return (result["SequenceNumber"].zfill(NUMBER_LENGTH).encode(), name_in(result.get("ShardId")).encode())
    message = result.get("ErrorMessage")
    named = throttled_shard(message) if isinstance(message, str) else None
    return (b"", named.encode() if named else b"")
