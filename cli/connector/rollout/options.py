"""The options that rollouts of connectors share."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.connector.rollout.patience import CATCH_UP, STABLE, TIMEOUT, Patience
from cli.options import duration_of

Stable = Annotated[
    str, typer.Option(metavar="DURATION", help="How long the lag has to stay within what it was before the rollout.")
]
CatchUp = Annotated[
    str, typer.Option(metavar="DURATION", help="When that has to have begun; else the rollout is taken back.")
]
Timeout = Annotated[
    str, typer.Option(metavar="DURATION", help="How long ECS's deployment is followed. Exit code 6 when it goes on.")
]
WithGate = Annotated[
    bool, typer.Option("--gate/--no-gate", help="Hold what runs afterwards against the lag that was before.")
]


def patience(stable: str = STABLE, catch_up: str = CATCH_UP, timeout: str = TIMEOUT, *, gate: bool = True) -> Patience:
    """What the command line says about waiting; WrongUsageError where it is no time."""
    return Patience(
        duration_of("--stable", stable), duration_of("--catch-up", catch_up), duration_of("--timeout", timeout), gate
    )
