"""The headers that tell of a letter in a topic where its record came from and why it is there.

Kafka Connect's dead letters do the same under `__connect.errors.` (KIP-298). The record's own headers
come first and unchanged; a record that is rejected a second time carries ours twice, and the last one
of a name is the newest.
"""

from datetime import UTC, datetime
from typing import Final

from connector.batch import Headers
from connector.dead_letters.letter import Letter

PREFIX: Final = "streamops.dead-letter."
_TIMESTAMP_TYPES: Final = {1: "CreateTime", 2: "LogAppendTime"}


def headers_of(letter: Letter, route: str) -> Headers:
    """Return the record's own headers and ours, whose values are all text in UTF-8."""
    kind, timestamp = letter.timestamp
    ours = {
        "route": route,
        "topic": letter.partition.topic,
        "partition": str(letter.partition.number),
        "offset": str(letter.offset),
        **({"timestamp": str(timestamp), "timestamp-type": _TIMESTAMP_TYPES[kind]} if kind in _TIMESTAMP_TYPES else {}),
        "reason": letter.reason,
        "message": letter.message,
        "rejected-at": format_time(letter.rejected_at),
    }
    return [*letter.headers, *((PREFIX + name, text.encode()) for name, text in ours.items())]


def format_time(milliseconds: int) -> str:
    """Write a time as ISO 8601 in UTC, like `2026-01-31T10:15:02.123Z`."""
    seconds, fraction = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:03}Z"
