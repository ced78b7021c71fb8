"""Which environments an app is made of."""

from collections.abc import Sequence
from pathlib import Path

from environments import (
    Environment,
    EnvironmentFileError,
    Problem,
    environments_folder,
    find_environments,
    load_environment,
)
from stacks.refusals import refusals


def selected_environments(names: str | None) -> list[Environment]:
    """Load the environments that `names` lists, separated by commas, or else all there are.

    Raises:
        EnvironmentFileError: something is wrong in any of the files, or described there and not
            provisioned; it tells all of it.
    """
    files = find_environments()
    wanted: Sequence[str | Path]
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(files.values())
    problems: list[Problem] = []
    environments: list[Environment] = []
    for each in dict.fromkeys(wanted):
        try:
            environment = load_environment(each)
        except EnvironmentFileError as error:
            problems.extend(error.problems)
            continue
        problems.extend(refusals(environment, file=str(files.get(environment.name, each))))
        environments.append(environment)
    if not wanted:
        problems.append(
            Problem(
                file=str(environments_folder()),
                line=None,
                path="",
                value="",
                rule="there is no environment file",
                remedy="make one with `streamops env init NAME`",
            )
        )
    if problems:
        raise EnvironmentFileError(tuple(problems))
    return environments
