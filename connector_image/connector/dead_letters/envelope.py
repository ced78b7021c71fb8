"""A letter as one line of JSON: the record's envelope with one more member, `rejected`, that tells why it is there.

"rejected": {"route": "flights-to-stream", "reason": "RecordTooLarge", "message": "the record has …",
             "at": "2026-01-31T10:15:02.123Z"}
"""

from connector.dead_letters.headers import format_time
from connector.dead_letters.letter import Letter
from connector.formats.envelope import Envelope, write_envelope


def seal(letter: Letter, route: str) -> bytes:
    """Write a letter; the line has no newline in it."""
    record = Envelope(letter.partition, letter.offset, letter.key, letter.value, letter.headers, letter.timestamp)
    rejected = {
        "route": route,
        "reason": letter.reason,
        "message": letter.message,
        "at": format_time(letter.rejected_at),
    }
    return write_envelope(record, {"rejected": rejected})
