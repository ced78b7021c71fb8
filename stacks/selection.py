"""Which environments an app is made of."""

from pathlib import Path

from environments import (
    Environment,
    EnvironmentFileError,
    Problem,
    environment_file,
    environments_folder,
    find_environments,
    load_environment,
    problems_of,
)
from stacks.refusals import refusals


def selected_environments(names: str | None) -> list[Environment]:
    """Load the environments that `names` lists, names or paths separated by commas, or else all there are.

    Raises:
        EnvironmentFileError: something is wrong in any of the files, or described there and not
            provisioned; it tells all of it.
    """
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(find_environments())
    if not wanted:
        folder, remedy = str(environments_folder()), "make one: streamops env init NAME"
        raise EnvironmentFileError((Problem(folder, None, "", "", "holds no environment file", remedy),))
    loaded: dict[Path, Environment] = {}
    problems: list[Problem] = []
    for name in wanted:
        try:
            file = environment_file(name)
            if file.resolve() not in loaded:
                loaded[file.resolve()] = environment = load_environment(file)
                problems.extend(problems_of(file, refusals(environment)))
        except EnvironmentFileError as error:
            problems.extend(error.problems)
    problems.extend(_called_alike(loaded))
    if problems:
        raise EnvironmentFileError(tuple(problems))
    return list(loaded.values())


def _called_alike(loaded: dict[Path, Environment]) -> list[Problem]:
    """Two files of one name in different folders: their stacks would be the same."""
    first: dict[str, Path] = {}
    return [
        Problem(str(file), None, "", "", f"has the name of {other}, and so its stacks", "select one of them")
        for file, environment in loaded.items()
        if (other := first.setdefault(environment.name, file)) != file
    ]
