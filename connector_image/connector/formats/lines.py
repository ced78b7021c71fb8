"""Messages as lines, which readers of objects in S3 can tell apart."""

from typing import Final

# Up to this many bytes messages are joined to look through all at once: a copy, but much quicker than one by one.
_LOOKED_THROUGH_AT_ONCE: Final = 1 << 20


def as_lines(messages: list[bytes]) -> tuple[list[bytes], list[int]]:
    """End each message with a newline, unless it has its own already.

    Returns:
        The lines, and the indices of messages that hold a newline before their end: they would read as two.
    """
    if sum(map(len, messages)) <= _LOOKED_THROUGH_AT_ONCE and b"\n" not in b"".join(messages):
        return [message + b"\n" for message in messages], []
    lines = [message if message[-1:] == b"\n" else message + b"\n" for message in messages]
    return lines, [index for index, line in enumerate(lines) if line.find(b"\n") != len(line) - 1]
