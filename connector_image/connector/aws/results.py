"""What the answer to a call of many records says of each of them, in the form that the services have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connector.aws.failures import failure, unreadable
from connector.aws.said import name_in
from connector.http_response import Response
from connector.outcome import CallFailure

Result = Mapping[str, Any]

_OK: Final = 200


def results(response: Response, content: object, member: str, count: int) -> Sequence[Result] | CallFailure:
    """Read the results of `count` records; `content` is the decoded body, None for one that cannot be decoded."""
    if response.status != _OK:
        return failure(response, content)
    found = content.get(member) if isinstance(content, Mapping) else None
    if not isinstance(found, Sequence) or not all(isinstance(result, Mapping) for result in found):
        return unreadable(f"HTTP 200, but no results of records in {response.body[:200]!r}")
    if len(found) != count:
        return unreadable(f"{len(found)} results for {count} records")
    return found


def refusals(found: Sequence[Result], is_taken: Callable[[Result], bool]) -> dict[int, str]:
    """Return the code of each record that was not taken, by its index.

    Only a proof without an error shows a record taken; the call's own count of failures proves nothing.
    """
    return {
        index: name_in(result.get("ErrorCode")) or "UnreadableResult"
        for index, result in enumerate(found)
        if result.get("ErrorCode") is not None or not is_taken(result)
    }
