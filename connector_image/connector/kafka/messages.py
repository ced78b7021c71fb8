"""From librdkafka's messages to columns: every column is one pass of the interpreter's own loops."""

from collections.abc import Sequence

from confluent_kafka import Message

from connector.batch import Batch, Columns, Partition

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
    return Batch(
        Partition(str(messages[0].topic()), int(messages[0].partition() or 0)),
        list(map(_key, messages)),
        list(map(_value, messages)),
        offsets,
        list(map(_headers, messages)) if columns.headers else None,  # type: ignore[arg-type]
        list(map(_timestamp, messages)) if columns.timestamps else None,
        messages[0].timestamp()[1],
    )
