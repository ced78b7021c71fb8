"""The options of ``topic retention``, and how their values are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from cli.topic.retention.limits import UNLIMITED
from environments.quantities import format_duration, format_size, parse_duration, parse_size

MILLISECOND = timedelta(milliseconds=1)
INFINITE, UNLIMITED_SIZE = "infinite", "unlimited"

To = Annotated[
    str | None, typer.Option("--to", metavar="DURATION", help="Keep records that long: 7d, 36h, 90m, or infinite.")
]
Bytes = Annotated[
    str | None,
    typer.Option(
        "--bytes",
        metavar="SIZE",
        help="Keep that many bytes of EACH partition, as Kafka counts it: 10GiB, or unlimited.",
    ),
]
Step = Annotated[
    list[str] | None,
    typer.Option(
        "--step",
        metavar="DURATION|SIZE",
        help="Lower by so much at a time and wait for the brokers in between; a duration for --to, a size for --bytes.",
    ),
]
AllowFullDisk = Annotated[
    bool, typer.Option("--allow-full-disk", help="Let the guard against disks without enough room pass.")
]


def time_option(milliseconds: int) -> str:
    """The value of ``--to`` or ``--step`` that means this."""
    return INFINITE if milliseconds < 0 else format_duration(timedelta(milliseconds=milliseconds))


def size_option(size: int) -> str:
    """The value of ``--bytes`` or ``--step`` that means this."""
    return UNLIMITED_SIZE if size < 0 else format_size(size)


def read_steps(texts: Sequence[str]) -> tuple[int | None, int | None]:
    """The step of time in ms, and that of size in bytes; None where none is given."""
    steps = [_step(text) for text in texts]
    step_ms = next((value for value, of_time in steps if of_time), None)
    step_bytes = next((value for value, of_time in steps if not of_time), None)
    if len(steps) != sum(value is not None for value in (step_ms, step_bytes)):
        raise typer.BadParameter("give one duration and one size at most", param_hint="'--step'")
    return step_ms, step_bytes


def read_duration(text: str | None) -> int | None:
    """Milliseconds, ``-1`` for infinite."""
    if text is None:
        return None
    if text == INFINITE:
        return UNLIMITED
    try:
        milliseconds = parse_duration(text) // MILLISECOND
    except ValueError as error:
        raise typer.BadParameter(f"{error}, or {INFINITE}", param_hint="'--to'") from error
    if milliseconds < 1:
        raise typer.BadParameter("Kafka keeps records for at least 1ms", param_hint="'--to'")
    return milliseconds


def read_size(text: str | None) -> int | None:
    """Bytes, ``-1`` for unlimited."""
    if text is None:
        return None
    if text == UNLIMITED_SIZE:
        return UNLIMITED
    try:
        return parse_size(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}, or {UNLIMITED_SIZE}", param_hint="'--bytes'") from error


def _step(text: str) -> tuple[int, bool]:
    """The step, and whether it is one of time."""
    try:
        value, of_time = parse_duration(text) // MILLISECOND, True
    except ValueError:
        try:
            value, of_time = parse_size(text), False
        except ValueError:
            raise typer.BadParameter(
                f"{text!r} is neither a duration such as 1d nor a size such as 10GiB", param_hint="'--step'"
            ) from None
    if value < 1:
        raise typer.BadParameter("a step is above zero", param_hint="'--step'")
    return value, of_time
