"""docs/environments.md tells what the model does: its keys are written from it, its rules are those that are tested."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from cli.main import _is_usage_error, app
from environments import load_environment
from environments.reference import undocumented, with_reference
from tests.environments.documents import cases, changed, write

DOCUMENT = Path(__file__).parents[2] / "docs" / "environments.md"


PROJECT = DOCUMENT.parents[1]


TOLD_IN = [DOCUMENT, *(PROJECT / "environments").glob("*.yaml"), *(PROJECT / "environments" / "starters").iterdir()]


def commands(text: str) -> list[str]:
    """What a reader would type: in backticks, or on a line of a comment."""
    typed = re.findall(r"(?:`|^#? *)(streamops (?:[\w./$-]+(?: |(?=`|$)))+)", text, re.MULTILINE)
    return [each.strip().replace("$name", "dev").replace("NAME", "dev") for each in typed]


def understood(command: str) -> bool:
    """Whether the command line would take it; nothing is run."""
    name, *arguments = command.split()
    parser: Any = get_command(app)
    context: Any = None
    while True:
        try:
            context = parser.make_context(name, arguments, parent=context)
            if not hasattr(context.command, "resolve_command"):
                return True
            given = [*context._protected_args, *context.args]
            name, parser, arguments = context.command.resolve_command(context, given)
        except Exception as error:
            if not _is_usage_error(error):
                raise
            return False


@pytest.fixture(scope="module")
def text():
    return DOCUMENT.read_text("utf-8")


def place(report: str) -> str:
    """Where a rule holds, whatever the names in the example."""
    path = report.split(": ", maxsplit=1)[0].replace('"', "")
    path = re.sub(
        r"^((?:alarms\.)?(?:topics|streams|deliveries|routes|applications))\.[^.:]+",
        r"\1.NAME",
        re.sub(r"\[\d+\]", "", path),
    )
    path = re.sub(r"^tags\..*", "tags.KEY", path)
    path = re.sub(r"extensions\..*", "extensions.NAME", path)
    path = re.sub(r"consumers\.[^.:]+", "consumers.NAME", path)
    path = re.sub(r"\.share\..*", ".share.PRINCIPAL", path)
    path = re.sub(r"config\.(?!min\.insync\.replicas$).*", "config.SETTING", path)
    path = re.sub(r"kafka\.settings\..*", "kafka.settings.SETTING", path)
    path = re.sub(r"convert\.columns\..*", "convert.columns.NAME", path)
    return re.sub(r"partition_by\..*", "partition_by.KEY", path)


def test_the_keys_are_those_of_the_model(text):
    assert with_reference(text) == text, "run: python -m environments.reference docs/environments.md"
    assert undocumented() == set()


def test_the_table_of_rules_names_every_place_that_has_a_rule_and_no_other(text):
    table = text.split("## Rules")[1]
    told = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    tested = {place(str(case.values[1])) for case in cases("rules")} | {"tags"}
    assert told == tested


@pytest.mark.parametrize("command", sorted({each for path in TOLD_IN for each in commands(path.read_text("utf-8"))}))
def test_every_command_that_is_told_is_one(command):
    assert understood(command)


@pytest.mark.parametrize("wrong", ["streamops env show dev", "streamops stream reshard", "streamops env vaildate dev"])
def test_what_is_no_command_would_be_seen(wrong):
    assert commands(f"see `{wrong}`") == [wrong]
    assert not understood(wrong)


def test_the_examples_are_valid(folder, text):
    whole, streams, routes, deliveries = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert load_environment(write(folder, whole, "dev")).routes["orders-to-stream"].tasks.max == 12
    yaml = YAML(typ="safe", pure=True)
    beside = {"topics": {"rejected": {"partitions": 1}}, "deliveries": {"archive": {"to": "s3"}}}
    document = changed({**beside, "routes": yaml.load(routes)["routes"]})
    assert load_environment(write(folder, document, "dev")).routes["orders-to-archive"].packing == "newline"
    document = changed({"streams": yaml.load(streams)["streams"], "security": {"key": "create"}})
    assert load_environment(write(folder, document, "dev")).streams["orders"].share["444455556666"] == "read"
    document = changed({"deliveries": yaml.load(deliveries)["deliveries"]})
    assert load_environment(write(folder, document, "dev")).deliveries["lake"].source is not None
