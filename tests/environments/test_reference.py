"""docs/environments.md tells what the model does: its keys are written from it, its rules are those that are tested."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from environments import load_environment
from environments.reference import undocumented, with_reference
from tests.environments.documents import cases, write

DOCUMENT = Path(__file__).parents[2] / "docs" / "environments.md"


@pytest.fixture(scope="module")
def text():
    return DOCUMENT.read_text("utf-8")


def place(report: str) -> str:
    """Where a rule holds, whatever the names in the example."""
    path = report.split(": ", maxsplit=1)[0].replace('"', "")
    path = re.sub(r"^(topics|streams|deliveries|routes)\.[^.:]+", r"\1.NAME", re.sub(r"\[\d+\]", "", path))
    path = re.sub(r"^tags\..*", "tags.KEY", path)
    path = re.sub(r"config\.(?!min\.insync\.replicas$).*", "config.SETTING", path)
    return re.sub(r"partition_by\..*", "partition_by.KEY", path)


def test_the_keys_are_those_of_the_model(text):
    assert with_reference(text) == text, "run: python -m environments.reference docs/environments.md"
    assert undocumented() == set()


def test_the_table_of_rules_names_every_place_that_has_a_rule_and_no_other(text):
    table = text.split("## Rules")[1]
    told = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    tested = {place(str(case.values[1])) for case in cases("rules")} | {"tags"}
    assert told == tested


def test_the_example_is_valid(folder, text):
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example
    assert YAML(typ="safe", pure=True).load(example[1])
    assert load_environment(write(folder, example[1], "dev")).routes["orders-to-stream"].tasks.max == 12
