"""One app for all tests that only read templates; building it costs more than all of them together."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from environments import Environment
from stacks.app import add_stages
from stacks.checks import add_checks
from tests.stacks.command_line import DESCRIBED, synthesize
from tests.stacks.synthesis import VARIANTS, Templates, describe, new_app

Describe = Callable[..., Environment]
Synthesize = Callable[..., Templates]


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All variants, synthesized with the rules of cdk-nag alone: the checks of templates cost seconds."""
    folder = tmp_path_factory.mktemp("variants")
    app = new_app(folder / "out")
    add_stages(app, [describe(folder, name, **sections) for name, sections in VARIANTS.items()])
    add_checks(app)
    with suppress(RuntimeError):  # What is found fails the tests of the checks, not all tests.
        app.synth()
    return folder / "out"


@pytest.fixture(scope="session")
def templates(checked: Path) -> Templates:
    """The templates of all variants."""
    return Templates.written(checked)


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `cdk synth` over every environment and example of the project, all checks on."""
    return synthesize(DESCRIBED, tmp_path_factory.mktemp("cdk"))


@pytest.fixture(scope="session")
def shipped(assembly: Path) -> Templates:
    """The templates of every environment and example of the project."""
    return Templates.written(assembly)


@pytest.fixture(scope="session", params=["templates", "shipped"])
def everywhere(request: pytest.FixtureRequest) -> Templates:
    """The templates of all variants, then those of every environment and example."""
    found: Templates = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def described(tmp_path: Path) -> Describe:
    """Describe an environment: `described("name", section=...)`."""

    def call(name: str = "changed", **sections: Any) -> Environment:
        return describe(tmp_path, name, **sections)

    return call


@pytest.fixture
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Make templates of environments."""

    def call(*environments: Environment) -> Templates:
        return Templates(environments, tmp_path_factory.mktemp("assembly"))

    return call
