"""``streamops sandbox status``."""

from __future__ import annotations

import typer

from cli.errors import BrokenSandboxError
from cli.options import Output, Query
from cli.output import Answer, Column, Format
from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment
from sandbox.status import status

COLUMNS = (
    Column("PART", "part"),
    Column("STATE", "state"),
    Column("PID", "pid"),
    Column("WHERE", "where"),
    Column("LOG", "log"),
)


def command(
    ctx: typer.Context,
    *,
    env: SandboxEnvironment = SANDBOX_ENVIRONMENT,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show the parts of a sandbox; a part that has stopped is an error, told with the end of its log."""
    answer = Answer.begin(ctx, output, query)
    answer.environment = env
    rows = status(env)
    for row in rows:
        if row["state"] == "stopped":
            message = f"part {row['part']} has stopped\n{row['tail']}".rstrip()
            answer.errors.append(BrokenSandboxError(message, f"streamops sandbox up -e {env}"))
    answer.items(rows, COLUMNS, empty="the sandbox has no parts")
