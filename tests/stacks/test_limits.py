"""Every stack is within what CloudFormation takes."""

from pathlib import Path

import pytest

from tests.stacks import limits
from tests.stacks.limits import beyond_limits
from tests.stacks.synthesis import Templates, describe


def test_every_stack_is_within_what_cloudformation_takes(everywhere: Templates):
    assert beyond_limits(everywhere) == []


def test_a_stack_beyond_a_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = Templates([describe(tmp_path, "small", deliveries=None, routes=None)], tmp_path / "out")
    monkeypatch.setattr(limits, "MOST_RESOURCES", 1)
    assert any(told.startswith("small/streams: resources") for told in beyond_limits(made))
