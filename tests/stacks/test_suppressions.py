"""The page on acknowledged findings is what the last synthesis acknowledged."""

import json
import re
from pathlib import Path

import pytest

from stacks.suppressions import RULES, acknowledged, with_acknowledged
from tests.stacks.synthesis import PROJECT

PAGE = PROJECT / "docs" / "suppressions.md"


def test_the_page_is_written_from_the_report(assembly: Path, request: pytest.FixtureRequest):
    text = PAGE.read_text("utf-8")
    if request.config.getoption("--update-golden"):
        text = with_acknowledged(text, assembly)
        PAGE.write_text(text, "utf-8")
    assert text == with_acknowledged(text, assembly)


def test_every_rule_on_the_page_is_explained_and_no_other_is(assembly: Path):
    rows = acknowledged(assembly).splitlines()[2:]
    assert {re.split(r" *\| *", row)[1] for row in rows} == RULES.keys()


def test_no_reason_of_the_variants_is_missing_from_the_page(checked: Path):
    plugins = json.loads((checked / "validation-report.json").read_text("utf-8"))["pluginReports"]
    reasons = {each["reason"] for plugin in plugins for each in plugin["suppressedViolations"]}
    page = PAGE.read_text("utf-8")
    assert reasons
    assert not {reason for reason in reasons if reason not in page}
