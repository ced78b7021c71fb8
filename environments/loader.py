"""Finding and loading environment files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from environments.environment import Environment
from environments.identifiers import LONGEST_ENVIRONMENT_NAME, SHORT_NAME
from environments.problems import EnvironmentFileError, Problem
from environments.rules.findings import Finding, meant


def environments_folder() -> Path:
    """The project's folder of environment files, absolute: what hands it on may run in another working directory.

    ``STREAMOPS_ENVIRONMENTS`` if set; else ``environments/`` beside the nearest ``cdk.json`` upwards from the working
    directory; else the folder that this package lies in.
    """
    if given := os.environ.get("STREAMOPS_ENVIRONMENTS"):
        return Path(given).expanduser().resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "cdk.json").is_file() and (folder / "environments").is_dir():
            return folder / "environments"
    return Path(__file__).resolve().parent


def find_environments() -> dict[str, Path]:
    """All environment files of the project: their paths by name, in alphabetical order."""
    return {path.stem: path for path in sorted(environments_folder().glob("*.yaml"))}


def load_environment(name_or_path: str | Path) -> Environment:
    """Load an environment by its name, or by the path of its file (which ends with .yaml or holds a slash).

    Raises EnvironmentFileError, which tells all that is wrong with the file, or which environments there are.
    """
    path = environment_file(name_or_path)
    shown = _shown(path)
    check_name(path.stem, shown)
    from environments.reading.document import read_document

    try:
        document = read_document(path, shown)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _refusal(shown, f"cannot be read: {reason}", "give the path of a file that is there") from None
    if isinstance(document.data, dict):
        if "name" in document.data:
            document.complain(("name",), "does not stand here", "the environment is called as its file; remove it")
        fields = {key: value for key, value in document.data.items() if key != "name"}
        try:
            environment = Environment.model_validate(fields | {"name": path.stem}, by_alias=True, by_name=True)
        except ValidationError as error:
            from environments.reading.report import complain

            complain(document, path.stem, error)
        else:
            if not document.problems:
                return environment
    raise EnvironmentFileError(tuple(sorted(document.problems, key=lambda problem: problem.line or 0)))


def problems_of(file: Path, findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """Findings about the environment in ``file`` as problems, each with the line it stands in.

    For rules beside the model's own, such as what cannot be provisioned yet; the file must load.
    """
    from environments.reading.document import read_document

    document = read_document(file, _shown(file))
    for finding in findings:
        document.complain(finding.path, finding.rule, finding.remedy, value=finding.value)
    return tuple(document.problems)


def environment_file(name_or_path: str | Path) -> Path:
    """The file of an environment by its name, or the path itself (which ends with .yaml or holds a slash).

    Raises EnvironmentFileError, which tells which environments there are.
    """
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or os.sep in text:
        return Path(text)
    known = find_environments()
    if text in known:
        return known[text]
    folder = _shown(environments_folder())
    if not known:
        raise _refusal(text, f"is not an environment: {folder} holds none", f"make one: streamops env init {text}")
    near = meant(text, known)
    remedy = f"did you mean {near}?" if near else f"make it: streamops env init {text}"
    raise _refusal(text, f"is not an environment of {folder}, which holds {', '.join(known)}", remedy)


def check_name(name: str, shown: str) -> None:
    """Raise EnvironmentFileError when no environment can be called ``name``; ``shown`` is the file it is taken from."""
    if not SHORT_NAME.matches(name):
        raise _refusal(shown, f"gives the environment the name {name!r}, which {SHORT_NAME.rule}", SHORT_NAME.remedy)
    if len(name) > LONGEST_ENVIRONMENT_NAME:
        rule = f"gives the environment a name of {len(name)} characters"
        raise _refusal(shown, rule, f"use at most {LONGEST_ENVIRONMENT_NAME}: every resource carries it")


def _refusal(shown: str, rule: str, remedy: str) -> EnvironmentFileError:
    return EnvironmentFileError((Problem(shown, None, "", "", rule, remedy),))


def _shown(path: Path) -> str:
    """A path as short as it can be from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
