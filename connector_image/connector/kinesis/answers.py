"""What an answer to PutRecords means, once it is decoded from whatever wire it came by."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.aws.failures import failure
from connector.http_response import Response
from connector.kinesis.shard_pacing import throttled_shard
from connector.outcome import Answer, CallFailure, Outcome, Placements

OK: Final = 200
NUMBER_LENGTH: Final = 56
"""Digits of a sequence number as Kinesis gives them. Shorter ones, of stand-ins, are filled up, so that all compare."""


def outcome(response: Response, content: object, count: int) -> Outcome:
    """Read the answer to a call of `count` records; `content` is its decoded body, None for one that cannot be."""
    if response.status != OK:
        return failure(response, content)
    results = content.get("Records") if isinstance(content, Mapping) else None
    if not isinstance(results, Sequence) or not all(isinstance(result, Mapping) for result in results):
        return CallFailure("UnreadableAnswer", f"HTTP 200, but no results of records in {response.body[:200]!r}")
    if len(results) != count:
        return CallFailure("UnreadableAnswer", f"{len(results)} results for {count} records")
    codes = [_code(result) for result in results]
    places = [_place(result, code) for result, code in zip(results, codes, strict=True)]
    placements = Placements([number for number, _ in places], [shard for _, shard in places])
    return Answer(codes if any(codes) else None, placements)


def _code(result: Mapping[str, Any]) -> str | None:
    """Only a sequence number without an error proves a record taken; the call's count of failures proves nothing."""
    code, number = result.get("ErrorCode"), result.get("SequenceNumber")
    if code is None and isinstance(number, str) and number.isascii() and number.isdigit():
        return None
    return code if isinstance(code, str) and code else "UnreadableResult"


def _place(result: Mapping[str, Any], code: str | None) -> tuple[bytes, bytes]:
    if code is None:
        number = str(result["SequenceNumber"]).zfill(NUMBER_LENGTH)
        return (number.encode(), str(result.get("ShardId") or "").encode(errors="replace"))
    named = throttled_shard(str(result.get("ErrorMessage") or ""))
    return (b"", named.encode() if named else b"")
