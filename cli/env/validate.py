"""``streamops env validate``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import completion
from cli.environment import open_environment
from cli.errors import CliError, explain
from cli.options import Output, Query
from cli.output import Answer, Column, Format, Item
from environments import EnvironmentFileError, find_environments

COLUMNS = (Column("NAME", "name"), Column("VALID", "valid"), Column("PROBLEMS", lambda item: len(item["problems"])))

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...", help="Names or paths; all of them by default.", autocompletion=completion.environments
    ),
]


def command(ctx: typer.Context, names: Names = None, output: Output = Format.TABLE, query: Query = None) -> None:
    """Check every rule that needs no AWS.

    Each problem is told with its file, line, path, value, the rule and the way out.
    """
    answer = Answer.begin(ctx, output, query)
    items = [_check(answer, name) for name in names or find_environments()]
    answer.environment = None
    answer.items(items, COLUMNS, empty="there are no environments yet; make one with: streamops env init NAME")


def _check(answer: Answer, name: str) -> Item:
    try:
        open_environment(answer, name)
    except (CliError, EnvironmentFileError) as error:
        explained = explain(error) or CliError(str(error))
        answer.errors.append(explained)
        return {"name": name, "valid": False, "problems": explained.message.splitlines()}
    return {"name": name, "valid": True, "problems": []}
