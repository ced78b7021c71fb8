"""``streamops topic retention``: show it, or change it by a plan."""

from __future__ import annotations

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
from cli.topic.retention.options import AllowFullDisk, Bytes, Step, To, read_duration, read_size, read_steps
from cli.topic.retention.show import give_retention


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
    wanted_ms, wanted_bytes = read_duration(to), read_size(size)
    step_ms, step_bytes = read_steps(step or ())
    for value, wanted, option in ((step_ms, to, "--to"), (step_bytes, size, "--bytes")):
        if value is not None and wanted is None:
            raise typer.BadParameter(f"there is no {option} that it would lead to", param_hint="'--step'")
    if step and not wait:
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
