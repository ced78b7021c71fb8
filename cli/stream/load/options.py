"""Options of the commands that look at load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from environments.quantities import parse_duration


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


Since = Annotated[
    str, typer.Option(metavar="DURATION", help="How far back the metrics are read, up to 15d.", callback=_duration)
]
From = Annotated[
    str, typer.Option("--from", metavar="DURATION", help="How long ago the records arrived.", callback=_duration)
]
Seconds = Annotated[int, typer.Option(min=1, max=3600, help="For how long, from there on, records are read.")]
Limit = Annotated[int, typer.Option(min=1, help="Most records that are read from a shard.")]
Top = Annotated[int, typer.Option(min=1, max=1000, help="How many keys are named.")]
Sketch = Annotated[
    bool, typer.Option("--sketch", help="Count in bounded memory (a count-min sketch): for very many keys.")
]
Shards = Annotated[list[str] | None, typer.Option("--shard", metavar="ID", help="Only this shard; may be repeated.")]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", dir_okay=False, help="Write a page with the pictures too.")
]
