"""The environment of a sandbox command: ``local`` unless another one is named."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli import completion
from cli.errors import WrongUsageError
from environments.identifiers import SHORT_NAME

SANDBOX_ENVIRONMENT = "local"


def prefix() -> str:
    """What a command needs before it to mean the same sandbox in a shell that does not name its directory."""
    directory = os.environ.get("STREAMOPS_SANDBOX")
    return f"STREAMOPS_SANDBOX={directory} " if directory else ""


def _plain_name(name: str) -> str:
    # A sandbox is a directory called as its environment, and its processes look the environment up by that name again.
    if not SHORT_NAME.matches(name):
        raise WrongUsageError(
            f"{name!r} is not the name of an environment, and a sandbox is known by nothing else",
            "put the file into environments/, or name its folder with STREAMOPS_ENVIRONMENTS; then give its name, "
            "without path and ending",
        )
    return name


SandboxEnvironment = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        envvar="STREAMOPS_ENV",
        metavar="NAME",
        help="An environment with `sandbox: true`: a name in environments/.",
        callback=_plain_name,
        autocompletion=completion.environments,
    ),
]
