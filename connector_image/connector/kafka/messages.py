"""From librdkafka's messages to columns: every column is one pass of the interpreter's own loops."""

from collections.abc import Sequence

from confluent_kafka import Message

from connector.batch import Batch, Columns, Headers, Partition

_partition, _offset, _key, _value = Message.partition, Message.offset, Message.key, Message.value
_headers, _timestamp = Message.headers, Message.timestamp


def batches(messages: Sequence[Message], columns: Columns) -> list[Batch]:
    """Group records by partition, in the order of each; usually all are of one."""
    numbers = list(map(_partition, messages))
    if numbers.count(numbers[0]) == len(numbers):
        return [_batch(messages, columns)]
    groups: dict[int | None, list[Message]] = {}
    for number, message in zip(numbers, messages, strict=True):
        groups.setdefault(number, []).append(message)
    return [_batch(group, columns) for group in groups.values()]


def _batch(messages: Sequence[Message], columns: Columns) -> Batch:
    first, last = messages[0].offset() or 0, messages[-1].offset() or 0
    offsets: Sequence[int] = range(first, last + 1)
    # They ascend, so there is a hole exactly where there are fewer of them.
    if len(offsets) != len(messages):
        offsets = list(map(_offset, messages))  # type: ignore[arg-type]  # records have offsets
    headers, undecodable = _read_headers(messages) if columns.headers else (None, ())
    return Batch(
        Partition(str(messages[0].topic()), int(messages[0].partition() or 0)),
        list(map(_key, messages)),
        list(map(_value, messages)),
        offsets,
        headers,
        list(map(_timestamp, messages)) if columns.timestamps else None,
        messages[0].timestamp()[1],
        undecodable,
    )


def _read_headers(messages: Sequence[Message]) -> tuple[list[Headers | None], list[int]]:
    """Read the headers of each message, and tell the indices of those whose headers cannot be decoded.

    The name of a header is UTF-8 (KIP-82), but brokers do not look at it, and librdkafka writes any bytes. Of such a
    message confluent_kafka raises a SystemError, since it forgets to ask whether it could make the name. It keeps the
    tuple without a name all the same, and gives it out when it is asked again, which ends the process. So none is
    asked twice: a list keeps what it has taken in when the rest of it fails, and reading goes on after that.
    """
    headers: list[Headers | None] = []
    undecodable: list[int] = []
    rest = iter(messages)
    while True:
        try:
            headers.extend(map(_headers, rest))  # type: ignore[arg-type]  # values are bytes when they are read
        except (SystemError, UnicodeDecodeError) as error:
            if not isinstance(_first(error), UnicodeDecodeError):
                raise
            undecodable.append(len(headers))
            headers.append(None)
        else:
            return headers, undecodable


def _first(error: BaseException) -> BaseException:
    """Return the error that all others followed from: each further name adds one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
