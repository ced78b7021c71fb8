"""``streamops topic retention``: show it, or change it by a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.change import Consent, run
from cli.environment import declared, open_environment
from cli.options import (
    AllowDataLoss,
    Confirm,
    DryRun,
    EnvironmentName,
    Output,
    Query,
    Save,
    TopicName,
    Wait,
    WriteBack,
    Yes,
)
from cli.output import Answer, Format
from cli.topic.retention.change import RetentionChange
from cli.topic.retention.guard import Allowed
from cli.topic.retention.limits import UNLIMITED
from cli.topic.retention.show import give_retention
from environments.quantities import parse_duration, parse_size

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


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: TopicName,
    environment: EnvironmentName = None,
    *,
    to: To = None,
    size: Bytes = None,
    step: Step = None,
    allow_data_loss: AllowDataLoss = False,
    allow_full_disk: AllowFullDisk = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show how long a topic keeps its records, or change it.

    A raise says how much disk it will take and is refused where the brokers have not got it. A decrease says how many
    records would be deleted and which consumer groups have not read them, and is refused unless nothing goes, or
    --allow-data-loss and --confirm NAME are given.
    """
    answer = Answer.begin(ctx, output, query)
    wanted_ms, wanted_bytes = _duration(to), _size(size)
    steps = [_step(text) for text in step or ()]
    step_ms = next((value for value, of_time in steps if of_time), None)
    step_bytes = next((value for value, of_time in steps if not of_time), None)
    if len(steps) != sum(value is not None for value in (step_ms, step_bytes)):
        raise typer.BadParameter("give one duration and one size at most", param_hint="'--step'")
    for value, wanted, option in ((step_ms, to, "--to"), (step_bytes, size, "--bytes")):
        if value is not None and wanted is None:
            raise typer.BadParameter(f"there is no {option} that it would lead to", param_hint="'--step'")
    if steps and not wait:
        raise typer.BadParameter("steps have to be waited for: leave out --no-wait, or --step", param_hint="'--step'")
    opened = open_environment(answer, environment)
    declared(opened, "topics", name)
    if wanted_ms is None and wanted_bytes is None:
        give_retention(answer, opened, name)
        return
    change = RetentionChange(
        opened,
        name,
        to=wanted_ms,
        size=wanted_bytes,
        step_ms=step_ms,
        step_bytes=step_bytes,
        allowed=Allowed(data_loss=allow_data_loss, full_disk=allow_full_disk),
    )
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(change, consent, answer, environment or opened.name)


def _duration(text: str | None, hint: str = "'--to'") -> int | None:
    """Milliseconds."""
    if text is None:
        return None
    if text == INFINITE:
        return UNLIMITED
    try:
        milliseconds = int(parse_duration(text).total_seconds() * 1000)
    except ValueError as error:
        raise typer.BadParameter(f"{error}, or {INFINITE}", param_hint=hint) from error
    if milliseconds < 1:
        raise typer.BadParameter("Kafka keeps records for at least 1ms", param_hint=hint)
    return milliseconds


def _size(text: str | None) -> int | None:
    """Bytes."""
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
        value, of_time = int(parse_duration(text).total_seconds() * 1000), True
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
