"""Options and arguments that several commands for connectors take."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import completion

RouteName = Annotated[
    str,
    typer.Argument(metavar="ROUTE", help="Name of the route in the YAML.", autocompletion=completion.routes),
]
OptionalRoute = Annotated[
    str | None,
    typer.Argument(
        metavar="[ROUTE]", help="Only this route, with all there is to tell.", autocompletion=completion.routes
    ),
]
