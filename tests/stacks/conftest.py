"""One app for all tests that only read templates; building it costs more than all of them together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments import Environment
from tests.stacks.synthesis import VARIANTS, Templates, describe

Describe = Callable[..., Environment]
Synthesize = Callable[..., Templates]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of all variants."""
    folder = tmp_path_factory.mktemp("variants")
    environments = [describe(folder, name, **sections) for name, sections in VARIANTS.items()]
    return Templates(environments, tmp_path_factory.mktemp("assembly"))


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
