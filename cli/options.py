"""The options that every command spells the same way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli import completion
from cli.errors import WrongUsageError
from cli.output import Format


def _parsed_query(query: str | None) -> str | None:
    if query is not None:
        import jmespath

        try:
            jmespath.compile(query)
        except jmespath.exceptions.JMESPathError as error:
            raise typer.BadParameter(f"not a JMESPath expression: {error}") from error
    return query


EnvironmentName = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        envvar="STREAMOPS_ENV",
        metavar="NAME",
        help="The environment: a name in environments/, or a path.",
        autocompletion=completion.environments,
    ),
]
Output = Annotated[Format, typer.Option("--output", "-o", help="How the answer is written to stdout.")]
Query = Annotated[
    str | None,
    typer.Option(metavar="JMESPATH", help="Pick from the JSON answer.", callback=_parsed_query),
]
StreamName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name of the stream in the YAML.", autocompletion=completion.streams),
]
TopicName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name of the topic in the YAML.", autocompletion=completion.topics),
]
TopicNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Only these topics.", autocompletion=completion.topics),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", "-n", help="Show the plan only. Exit code 3 when something would change, else 0."),
]
Save = Annotated[
    Path | None,
    typer.Option(metavar="FILE", dir_okay=False, help="Keep the plan for: streamops apply FILE."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing for mild and moderate risk.")]
Confirm = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name the resource: what severe risk needs."),
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the change is complete and verify it.")]
AllowDataLoss = Annotated[
    bool, typer.Option("--allow-data-loss", help="Let the guard against losing records pass; needs --confirm NAME too.")
]
WriteBack = Annotated[
    bool | None,
    typer.Option(
        "--write-back/--no-write-back",
        help="Write what is live afterwards into the environment file. Asked for at a terminal.",
        show_default=False,
    ),
]


def duration_of(option: str, text: str) -> timedelta:
    """A duration of the command line; WrongUsageError where it is none, or nothing."""
    from environments.quantities import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise WrongUsageError(f"{option}: {error}") from error
    if not found:
        raise WrongUsageError(f"{option}: {text} is no time at all", "write such as 5s")
    return found
