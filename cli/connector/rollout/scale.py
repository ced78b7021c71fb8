"""``streamops connector scale``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.change import Consent, run
from cli.connector.options import RouteName
from cli.connector.rollout.options import Timeout, patience
from cli.connector.rollout.patience import TIMEOUT
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, WriteBack, Yes
from cli.output import Answer, Format

Tasks = Annotated[int | None, typer.Option(metavar="N", min=0, help="Tasks from now on.")]
Least = Annotated[int | None, typer.Option("--min", metavar="N", min=1, help="Fewest tasks that autoscaling leaves.")]
Most = Annotated[int | None, typer.Option("--max", metavar="N", min=1, help="Most tasks that autoscaling starts.")]
Suspend = Annotated[
    bool | None,
    typer.Option("--suspend/--unsuspend", help="Whether load leaves the number of tasks alone.", show_default=False),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    tasks: Tasks = None,
    least: Least = None,
    most: Most = None,
    suspend: Suspend = None,
    timeout: Timeout = TIMEOUT,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Run a connector with another number of tasks, or let it scale in another range.

    A number outside of the range in which it scales is refused: the next activity would move it back.
    """
    from cli.connector.rollout.scaling import ConnectorScale, Size

    size = Size(tasks, least, most, suspend)
    if size == Size():
        raise WrongUsageError("scale to what? Give --tasks, --min, --max, --suspend or --unsuspend")
    held = patience(timeout=timeout)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(ConnectorScale(opened, route, size, held), consent, answer, environment or opened.name)
