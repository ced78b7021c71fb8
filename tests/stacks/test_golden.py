"""Templates are what they were: a change that nobody meant is seen here, in the pull request that makes it.

What is meant is recorded with `pytest tests/stacks/test_golden.py --update-golden`, and reviewed with the code that
causes it. Hashes of assets are left out; `python -m stacks.changes` tells what a difference does.
"""

import json
from pathlib import Path

import pytest

from stacks.changes import changes, summary, templates

GOLDEN = Path(__file__).with_name("golden")

KEPT_OUT = {"everything/observability"}
"""Alarms and a dashboard of the kinds that prod has, in a file as large as all others together."""


def is_golden(stack: str) -> bool:
    return stack.startswith(("prod/", "everything/")) and stack not in KEPT_OUT


def test_templates_are_what_they_were(assembly: Path, request: pytest.FixtureRequest):
    found = {stack: template for stack, template in templates(assembly).items() if is_golden(stack)}
    assert len({stack.split("/")[0] for stack in found}) == 2
    if request.config.getoption("--update-golden"):
        for file in GOLDEN.glob("*/*.json"):
            file.unlink()
        for stack, template in found.items():
            file = GOLDEN / f"{stack}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", "utf-8")
    golden = templates(GOLDEN)
    assert found == golden, summary(changes(golden, found))
