"""Logical ids are identities: a resource whose id changes is deleted, with its data, and made anew.

A deliberate change is recorded by running the test once with `--update-golden` and committing the
list; the commit then shows what every deployed environment is going to lose.
"""

import json
from pathlib import Path

import pytest

from tests.stacks.synthesis import Templates
from tests.stacks.variants import VARIANTS

LIST = Path(__file__).with_name("logical_ids.json")


def test_logical_ids_are_what_they_were(templates: Templates, request: pytest.FixtureRequest):
    found = {
        f"{environment}/{stack}": {
            key: each["Type"] for key, each in sorted(templates.resources(environment, stack).items())
        }
        for environment in sorted(VARIANTS)
        for stack in sorted(templates.stacks(environment))
    }
    if request.config.getoption("--update-golden"):
        LIST.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    assert found == json.loads(LIST.read_text("utf-8"))


def test_ids_do_not_depend_on_the_environments_name(templates: Templates):
    assert templates.resources("prod", "streams").keys() == templates.resources("plain", "streams").keys()
