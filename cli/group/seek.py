"""``streamops group seek``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.change import Consent, run
from cli.environment import open_environment
from cli.errors import WrongUsageError
from cli.group.moves import TopicPart, Wish
from cli.group.offsets_file import OffsetsFile
from cli.group.options import GroupName
from cli.group.seeking import GroupSeek
from cli.group.target import FORMS, parse_target
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format

To = Annotated[str | None, typer.Option(metavar="WHERE", help=f"Go on at: {FORMS}.")]
ToGroup = Annotated[str | None, typer.Option(metavar="GROUP", help="Where this group is now: its id, or its route.")]
ToFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Where a file says, such as the one to undo."),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="TOPIC[:0,1]", help="Only this topic, or these partitions of it; can be repeated."),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: GroupName,
    environment: EnvironmentName = None,
    *,
    to: To = None,
    to_group: ToGroup = None,
    to_file: ToFile = None,
    topic: Topics = None,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Let a group go on elsewhere in its partitions.

    The group must have no members. To skip records is severe, to read some again moderate. What it had committed is
    written into a file first, which --to-file takes to undo it.
    """
    if sum(given is not None for given in (to, to_group, to_file)) != 1:
        raise WrongUsageError("where to? Give one of --to, --to-group and --to-file", f"--to takes {FORMS}")
    try:
        parts = tuple(map(TopicPart.parse, topic or ()))
        if to is not None:
            parse_target(to, datetime.now(UTC))
    except ValueError as error:
        raise WrongUsageError(str(error)) from error
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    file = OffsetsFile.read(to_file) if to_file else None
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    change = GroupSeek(opened, name, Wish(to, to_group, file, parts))
    run(change, consent, answer, environment or opened.name)
