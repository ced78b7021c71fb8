"""Messages as lines, which readers of objects in S3 can tell apart."""


def as_lines(messages: list[bytes]) -> tuple[list[bytes], list[int]]:
    r"""End each message with a newline, unless it has its own already.

    Returns:
        The lines, and the indices of messages that hold a newline inside: they would read as two.
    """
    if b"\n" not in b"".join(messages):
        return [message + b"\n" for message in messages], []
    lines = [message if message.endswith(b"\n") else message + b"\n" for message in messages]
    # Each has one at its end at least, so as many newlines as lines means that none has one inside.
    if b"".join(lines).count(b"\n") == len(lines):
        return lines, []
    return lines, [index for index, line in enumerate(lines) if line.find(b"\n") != len(line) - 1]
