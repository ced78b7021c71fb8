"""What the commands of groups spell the same way."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import completion

GroupName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name of a route in the YAML, or the id of any group.", autocompletion=completion.routes
    ),
]
