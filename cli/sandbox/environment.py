"""The environment of a sandbox command: ``local`` unless another one is named."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import completion

SANDBOX_ENVIRONMENT = "local"

SandboxEnvironment = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        help="An environment with `sandbox: true`.",
        autocompletion=completion.environments,
    ),
]
