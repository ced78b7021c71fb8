"""``streamops connector list``."""

from __future__ import annotations

import typer

from cli.aws import Aws
from cli.connector.view import deployment_text, read_views
from cli.environment import open_environment
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, Item


def tasks_text(item: Item) -> str | None:
    """Tasks that run, of those that there are to be."""
    return f"{item['running']}/{item['desired']}" if "desired" in item else None


COLUMNS = (
    Column("NAME", "name"),
    Column("FROM", "from"),
    Column("TO", "to"),
    Column("REVISION", "revision"),
    Column("IMAGE", "image"),
    Column("TASKS", tasks_text, right=True),
    Column("DEPLOYMENT", lambda item: deployment_text(item.get("deployment"))),
    Column("HEALTH", "health"),
    Column("REASON", "reason", fold=True),
)


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """List the connectors of an environment: what runs, in which revision, and how its last deployment went.

    Asks ECS alone; lag, throughput and errors are shown by connector status.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    aws = Aws(opened)
    aws.check_account()
    views, _ = read_views(aws, list(opened.routes), lag=False, measures=False)
    items = [view.row(opened) for view in views]
    answer.items(items, COLUMNS, empty=f"environment {opened.name} declares no routes")
