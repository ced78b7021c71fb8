"""One app for all tests that only read templates; building it costs more than all of them together."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from environments import Environment
from stacks.app import add_stages
from stacks.checks import add_checks
from tests.stacks.command_line import DESCRIBED, Synthesis
from tests.stacks.synthesis import Templates, describe, new_app
from tests.stacks.variants import VARIANTS

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
def synthesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesis]:
    """A `cdk synth` over every environment and example of the project, under way."""
    started = Synthesis(DESCRIBED, tmp_path_factory.mktemp("cdk"))
    yield started
    started.stop()


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Have the longest work begin with the first test, on a processor of its own, where a test is going to want it."""
    if any("assembly" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("synthesis")


@pytest.fixture(scope="session")
def assembly(synthesis: Synthesis) -> Path:
    """The output of `cdk synth` over every environment and example of the project, all checks on."""
    return synthesis.assembly()


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
