"""Names offered by shell completion.

Completion runs while somebody types: it reads only the environment files, never a cluster, and stays silent about
every error, since its output goes into the command line.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

import typer


def environments(incomplete: str) -> list[str]:
    """Environments whose name starts with what was typed."""
    with contextlib.suppress(Exception):
        from cli.environment import known_environments

        return _starting(known_environments(), incomplete)
    return []


def streams(ctx: typer.Context, incomplete: str) -> list[str]:
    """Streams of the environment that the command line names so far."""
    return _declared(ctx, "streams", incomplete)


def topics(ctx: typer.Context, incomplete: str) -> list[str]:
    """Topics of the environment that the command line names so far."""
    return _declared(ctx, "topics", incomplete)


def routes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Routes of the environment that the command line names so far."""
    return _declared(ctx, "routes", incomplete)


def _declared(ctx: typer.Context, section: str, incomplete: str) -> list[str]:
    with contextlib.suppress(Exception):
        from environments import load_environment

        name = ctx.params.get("environment") or os.environ.get("STREAMOPS_ENV")
        if name:
            return _starting(getattr(load_environment(name), section), incomplete)
    return []


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
