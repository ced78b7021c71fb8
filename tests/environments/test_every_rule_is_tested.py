"""Each refusal has a test that reads its words: read from the source, so that no new one is forgotten.

The cases stand in rules.yaml, whose places the table of rules in docs/environments.md names: so that is whole too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.environments.documents import cases

TESTS = Path(__file__).parent
MODEL = TESTS.parents[1] / "environments"

PLACE_OF_RULE = {"Finding": 0, "refuse": 0, "Shape": 1}
"""What refuses, and which of its arguments says the rule."""


def literal_parts(rule: ast.expr) -> list[str] | None:
    """The words of a rule without what is put into them; None where they are made elsewhere."""
    match rule:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return [part.value for part in values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return None


def rules(source: str) -> Iterator[list[str]]:
    """The words of every rule in a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACE_OF_RULE:
            place = PLACE_OF_RULE[node.func.id]
            if len(node.args) > place and (parts := literal_parts(node.args[place])):
                yield parts


def untested(source: str, told: str) -> list[str]:
    """The rules of a module that nothing told has the words of."""
    return [" ... ".join(parts) for parts in rules(source) if not re.search(".*".join(map(re.escape, parts)), told)]


def told_in_tests() -> str:
    """Everything that tests expect to be told, one report a line."""
    reports = [str(case.values[1]) for table in ("rules", "shapes") for case in cases(table)]
    sources = [path.read_text("utf-8") for path in TESTS.glob("test_*.py")]
    return "\n".join([*reports, *sources])


def test_every_rule_of_the_model_is_told_in_a_test():
    told = told_in_tests()
    missing = {
        f"{path.relative_to(MODEL)}: {rule}"
        for path in sorted(MODEL.rglob("*.py"))
        for rule in untested(path.read_text("utf-8"), told)
    }
    assert missing == set()


def test_a_rule_without_a_test_would_be_seen():
    told = "streams.orders.shards: 0 is below the Kinesis minimum of 1; use at least 1"
    assert untested('Finding(f"is below the {owner} minimum of {bound}", "use more")', told) == []
    assert untested('refuse("is the wrong colour", "paint it")', told) == ["is the wrong colour"]
    assert untested('Shape(r"^a$", f"is no {letter}", "write a")', told) == ["is no "]
