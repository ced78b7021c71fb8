"""Lowering a limit step by step, so that the brokers delete a bounded part at a time. No I/O.

Nothing has to be remembered between the steps: what is live is one of the values of the schedule, and the schedule that
is made from there has just the values that are left.
"""

from __future__ import annotations

from cli.topic.retention.limits import UNLIMITED, lowered

MOST_STEPS = 1_000


def schedule(current: int, target: int, step: int | None, oldest: int | None) -> tuple[int, ...]:
    """The values to set one after the other.

    A raise is one value: it deletes nothing. A decrease goes down by ``step`` from what is really there: a limit above
    the age of the oldest record (the size of the largest partition) deletes nothing on its way down to it. From no
    limit at all the first value is just that age or size, which deletes nothing either and makes the limit finite. All
    others are whole steps above the target, so that they are the same wherever the way down begins.

    Args:
        current: the limit now, ``-1`` for none.
        target: the wanted one, ``-1`` for none.
        step: by how much it may go down at a time; None for all at once.
        oldest: age of the oldest record, or size of the largest partition, in the unit of the limits; None where there
            are no records.

    Raises:
        ValueError: more than ``MOST_STEPS`` steps, or a step that is not above zero.
    """
    if step is not None and step <= 0:
        raise ValueError("a step is above zero")
    if max(current, UNLIMITED) == max(target, UNLIMITED):
        return ()
    if not lowered(current, target) or step is None or oldest is None or oldest <= target:
        return (target,)
    start = oldest if current < 0 else min(current, oldest)
    count = -(-(start - target) // step)
    if count > MOST_STEPS:
        raise ValueError(f"{count:,} steps are more than {MOST_STEPS:,}")
    first = (start,) if current < 0 else ()
    return (*first, *(target + step * number for number in reversed(range(count))))
