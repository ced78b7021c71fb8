"""Opening the environment that a command was called for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches

from cli.errors import NotFoundError, WrongUsageError
from cli.output import Answer
from environments import Environment, environments_folder, find_environments, load_environment


def known_environments() -> list[str]:
    """Names of the environments of this project."""
    return sorted(find_environments())


def open_environment(answer: Answer, name: str | None) -> Environment:
    """Load the environment and note its name in the answer.

    Raises:
        WrongUsageError: no environment was named.
        NotFoundError: there is no such file.
        environments.EnvironmentFileError: the file is wrong; its text is the complete report.
    """
    if not name:
        raise WrongUsageError(
            "which environment? None was named.",
            f"add -e NAME or set STREAMOPS_ENV; {_known()}",
        )
    if not _is_path(name) and name not in find_environments():
        close = get_close_matches(name, known_environments(), n=1)
        guess = f"did you mean {close[0]}? " if close else ""
        raise NotFoundError(f"there is no environment {name!r} in {environments_folder()}", f"{guess}{_known()}")
    answer.environment = name
    environment = load_environment(name)
    answer.environment = environment.name
    return environment


def declared(environment: Environment, section: str, name: str) -> None:
    """Check that ``section`` (topics, streams, routes) declares the short name ``name``.

    Raises:
        NotFoundError: it does not; the way out lists what there is.
    """
    names: Mapping[str, object] = getattr(environment, section)
    if name in names:
        return
    close = get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    there = ", ".join(sorted(names)) or f"none; declare one under {section}:"
    raise NotFoundError(
        f"{section}.{name} is not declared in environment {environment.name}",
        f"{guess}declared {section}: {there}",
    )


def _is_path(name: str) -> bool:
    return os.sep in name or name.endswith((".yaml", ".yml"))


def _known() -> str:
    names = known_environments()
    if not names:
        return "there are none yet; make one with: streamops env init NAME"
    return f"known: {', '.join(names)}"
