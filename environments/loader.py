"""Finding and loading environment files."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from environments.environment import Environment
from environments.problems import EnvironmentFileError, Problem


def environments_folder() -> Path:
    """The project's folder of environment files.

    ``STREAMOPS_ENVIRONMENTS`` if set; else ``environments/`` beside the nearest ``cdk.json`` upwards from the working
    directory; else the folder this package lies in.
    """
    if given := os.environ.get("STREAMOPS_ENVIRONMENTS"):
        return Path(given)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "cdk.json").is_file() and (folder / "environments").is_dir():
            return folder / "environments"
    return Path(__file__).parent


def find_environments() -> dict[str, Path]:
    """All environment files of the project, by name, in alphabetical order."""
    return {path.stem: path for path in sorted(environments_folder().glob("*.yaml"))}


def load_environment(name_or_path: str | Path) -> Environment:
    """Load an environment by its name or by the path of its file; EnvironmentFileError tells all that is wrong."""
    text = str(name_or_path)
    path = Path(text)
    if path.suffix not in {".yaml", ".yml"} and os.sep not in text:
        path = environments_folder() / f"{text}.yaml"
    from ruamel.yaml import YAML

    try:
        data = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        return Environment.model_validate({**data, "name": path.stem})
    except OSError as error:
        raise EnvironmentFileError((Problem(text, None, "", "", f"cannot be read: {error}", ""),)) from error
    except ValidationError as error:
        raise EnvironmentFileError((Problem(str(path), None, "", "", str(error), ""),)) from error
