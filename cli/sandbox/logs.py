"""``streamops sandbox logs``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import show
from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment
from sandbox.logs import tail

Part = Annotated[str, typer.Argument(metavar="PART", help="kafka, aws, runner, cdk, streamops, or a route.")]
Lines = Annotated[int, typer.Option("--lines", "-l", min=0, help="How many lines from the end.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")]


def command(
    part: Part,
    *,
    env: SandboxEnvironment = SANDBOX_ENVIRONMENT,
    lines: Lines = 50,
    follow: Follow = False,
) -> None:
    """Show the log of one part; the logs of the last run stay after ``down``."""
    for line in tail(env, part, lines=lines, follow=follow):
        show(line)
