"""``streamops connector verify``."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from cli import completion
from cli.aws import Aws
from cli.connector.checks import Result, reachable_cluster, verify
from cli.environment import declared, open_environment
from cli.errors import CliError
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, note

COLUMNS = (
    Column("ROUTE", "route"),
    Column("CHECK", "check"),
    Column("RESULT", "result"),
    Column("DETAIL", "detail", fold=True),
    Column("WAY OUT", "way_out", fold=True),
)


def command(
    ctx: typer.Context,
    routes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ROUTE]...", help="Only these routes.", autocompletion=completion.routes),
    ] = None,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Look at everything that a rollout of a connector depends on, before it is rolled out.

    Nothing is changed, and no value of a secret is shown. A check is ok, failed, or unknown where it could not be
    looked at from here; unknown is never ok. The exit code is 1 when a check failed.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    chosen = list(dict.fromkeys(routes or opened.routes))
    for route in chosen:
        declared(opened, "routes", route)
    aws = Aws(opened)
    aws.check_account()
    with reachable_cluster(opened) as kafka:
        found = [(route, check) for route in chosen for check in verify(opened, aws, route, kafka=kafka)]
    counts = Counter(check.result for _, check in found)
    if counts[Result.FAILED]:
        wrong = ", ".join(dict.fromkeys(route for route, check in found if check.result is Result.FAILED))
        answer.errors.append(
            CliError(
                f"{counts[Result.FAILED]} of {len(found)} checks failed, of {wrong}",
                "put right what they name, and verify again",
            )
        )
    answer.items(
        [{"route": route, **check.as_json()} for route, check in found],
        COLUMNS,
        empty=f"environment {opened.name} declares no routes",
    )
    if counts[Result.UNKNOWN] and answer.for_people:
        note(f"{counts[Result.UNKNOWN]} of {len(found)} checks are unknown: they could not be looked at")
