"""``streamops env init``."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from cli.errors import CliError
from cli.output import note, show
from environments import KafkaKind, environments_folder, starter

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the new environment, such as staging.")]
Kind = Annotated[
    str,
    typer.Option("--kafka", metavar="KIND", help=f"Where its Kafka runs: {', '.join(get_args(KafkaKind))}."),
]


def command(name: Name, kafka: Kind = "external") -> None:
    """Write environments/NAME.yaml with a comment at every field.

    A file that exists is never overwritten.
    """
    kind: KafkaKind | None = next((known for known in get_args(KafkaKind) if known == kafka), None)
    if kind is None:
        raise typer.BadParameter(f"{kafka!r} is not one of {', '.join(get_args(KafkaKind))}", param_hint="--kafka")
    path = environments_folder() / f"{name}.yaml"
    text = starter(name, kind)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise CliError(f"{path} exists and stays as it is", "choose another name, or edit the file") from error
    show(str(path))
    note(f"edit it, then check it with: streamops env validate {name}")
