"""What an answer to PutRecords means, once it is decoded from whatever wire it came by."""

from typing import Final

from connector.aws.results import Result, refusals, results
from connector.aws.said import name_in
from connector.http_response import Response
from connector.kinesis.shard_pacing import throttled_shard
from connector.outcome import Answer, CallFailure, Outcome, Placements

OK: Final = 200
NUMBER_LENGTH: Final = 56
"""Digits of a sequence number as Kinesis gives them. Shorter ones, of stand-ins, are filled up, so that all compare."""
# The longest that the service's API allows for.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsResultEntry.html
_LONGEST_NUMBER: Final = 129


def outcome(response: Response, content: object, count: int) -> Outcome:
    """Read the answer to a call of `count` records; `content` is its decoded body, None for one that cannot be."""
    found = results(response, content, "Records", count)
    if isinstance(found, CallFailure):
        return found
    refused = refusals(found, lambda result: _is_number(result.get("SequenceNumber")))
    places = [_refused(result) if index in refused else _taken(result) for index, result in enumerate(found)]
    return Answer(refused, Placements([number for number, _ in places], [shard for _, shard in places]))


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER


def _taken(result: Result) -> tuple[bytes, bytes]:
    return (result["SequenceNumber"].zfill(NUMBER_LENGTH).encode(), name_in(result.get("ShardId")).encode())


def _refused(result: Result) -> tuple[bytes, bytes]:
    message = result.get("ErrorMessage")
    named = throttled_shard(message) if isinstance(message, str) else None
    return (b"", named.encode() if named else b"")
