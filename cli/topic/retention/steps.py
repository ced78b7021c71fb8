"""The settings of each step of a change of retention. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cli.errors import CliError, WrongUsageError
from cli.topic.retention.limits import RETENTION_BYTES, RETENTION_MS, Limits
from cli.topic.retention.losses import PartitionState
from cli.topic.retention.schedule import schedule

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def settings_by_step(
    settings: Mapping[str, str | None],
    wanted: Mapping[str, int],
    steps: Mapping[str, int | None],
    partitions: Sequence[PartitionState],
    now: int,
) -> list[dict[str, str]]:
    """What to set one after the other: with steps one limit at a time, without them both at once.

    Args:
        settings: as they are.
        wanted: ``retention.ms`` and ``retention.bytes``, as far as they shall change.
        steps: by how much each may go down at a time; None for at once.
        partitions: what there is.
        now: in ms since 1970.

    Raises:
        WrongUsageError: the steps are too many.
        CliError: where to begin is not known.
    """
    limits = Limits.of(settings)
    ages = [None if each.oldest is None else now - each.oldest for each in partitions if each.records]
    age = _largest(ages, limits.milliseconds, steps[RETENTION_MS], "old the oldest record")
    sizes = [each.size for each in partitions if each.records]
    size = _largest(sizes, limits.size, steps[RETENTION_BYTES], "large the largest partition")
    begins = {
        RETENTION_MS: (limits.milliseconds, age if limits.milliseconds >= 0 else _rounded_up(age)),
        RETENTION_BYTES: (limits.size, size),
    }
    values: dict[str, tuple[int, ...]] = {}
    for key, target in wanted.items():
        current, largest = begins[key]
        try:
            values[key] = schedule(current, target, steps[key], largest)
        except ValueError as error:
            raise WrongUsageError(f"--step is too small: {error}", "take larger steps") from error
    if not any(steps.values()):
        once = {key: str(found[0]) for key, found in values.items() if found}
        return [once] if once else []
    return [{key: str(value)} for key, found in values.items() for value in found]


def _largest(held: Sequence[int | None], current: int, step: int | None, what: str) -> int | None:
    """Where a way down in steps begins; without steps it does not matter, and without records there is no way to go."""
    known = [each for each in held if each is not None]
    if step is None or len(known) == len(held):
        return max(known, default=None)
    if current < 0:
        raise CliError(f"how {what} is cannot be told, so steps have no beginning", "set a first limit without --step")
    return current


def _rounded_up(age: int | None) -> int | None:
    """An age that is still above that of the oldest record when the first step comes, and that can be read."""
    if age is None:
        return None
    unit = HOUR if age >= DAY else MINUTE if age >= HOUR else 1_000
    return (max(0, age) // unit + 1) * unit
