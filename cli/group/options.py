"""What the commands of groups spell the same way."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from cli import completion
from cli.errors import WrongUsageError
from environments.quantities import parse_duration

GroupName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name of a route in the YAML, or the id of any group.", autocompletion=completion.routes
    ),
]


def duration_of(option: str, text: str) -> timedelta:
    """A duration of the command line; WrongUsageError where it is none, or nothing."""
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise WrongUsageError(f"{option}: {error}") from error
    if not found:
        raise WrongUsageError(f"{option}: {text} is no time at all", "write such as 5s")
    return found
