"""Which environments an app is made of."""

import os
from collections.abc import Iterator
from pathlib import Path

from environments import (
    Environment,
    EnvironmentFileError,
    Problem,
    environments_folder,
    find_environments,
    load_environment,
)
from environments.reading.document import read_document
from stacks.refusals import refusals


def selected_environments(names: str | None) -> list[Environment]:
    """Load the environments that `names` lists, separated by commas, or else all there are.

    Raises:
        EnvironmentFileError: something is wrong in any of the files, or described there and not
            provisioned; it tells all of it.
    """
    files = find_environments()
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(files)
    if not wanted:
        folder, remedy = str(environments_folder()), "make one: streamops env init NAME"
        raise EnvironmentFileError((Problem(folder, None, "", "", "holds no environment file", remedy),))
    environments: list[Environment] = []
    problems: list[Problem] = []
    for name in dict.fromkeys(wanted):
        try:
            environment = load_environment(name)
        except EnvironmentFileError as error:
            problems.extend(error.problems)
        else:
            environments.append(environment)
            problems.extend(_unprovisioned(environment, files[name]))
    if problems:
        raise EnvironmentFileError(tuple(problems))
    return environments


def _unprovisioned(environment: Environment, file: Path) -> Iterator[Problem]:
    findings = refusals(environment)
    if findings:
        document = read_document(file, os.path.relpath(file))
        for finding in findings:
            document.complain(finding.path, finding.rule, finding.remedy, value=finding.value)
        yield from document.problems
