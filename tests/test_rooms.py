"""Who may import whom: the rooms of the project and the arrows between them, as docs/architecture.md draws them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
ROOMS = {
    "app": PROJECT / "app.py",
    "environments": PROJECT / "environments",
    "stacks": PROJECT / "stacks",
    "connector": PROJECT / "connector_image" / "connector",
    "cli": PROJECT / "cli",
    "sandbox": PROJECT / "sandbox",
}
ARROWS = {
    ("app", "stacks"),
    ("app", "environments"),
    ("stacks", "environments"),
    ("stacks", "connector"),
    ("cli", "environments"),
    ("cli", "connector"),
    ("cli", "sandbox"),
    ("sandbox", "environments"),
}
"""Every import of one room by another. One that is missing here is forbidden; one that no code uses is a lie."""


def imports_of(room: str) -> Iterator[tuple[Path, str]]:
    place = ROOMS[room]
    for path in [place] if place.is_file() else place.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((path, f"{node.module}.{alias.name}") for alias in node.names)


def arrows_from(room: str) -> set[tuple[str, str]]:
    targets = {imported.partition(".")[0] for _, imported in imports_of(room)}
    return {(room, target) for target in targets if target in ROOMS and target != room}


def test_the_imports_between_the_rooms_are_exactly_the_arrows():
    assert {arrow for room in ROOMS for arrow in arrows_from(room)} == ARROWS


@pytest.mark.parametrize("room", ["stacks", "cli"])
def test_only_the_configuration_of_the_connector_is_known(room):
    modules = {name for _, name in imports_of(room) if name.partition(".")[0] == "connector"}
    assert modules
    assert all(name.startswith("connector.config.") or name == "connector.config" for name in modules)


def test_the_cli_knows_no_cdk():
    assert not [path for path, name in imports_of("cli") if name.partition(".")[0] in {"aws_cdk", "constructs", "jsii"}]


def test_help_loads_neither_an_aws_sdk_nor_a_kafka_client_nor_the_sandbox():
    code = (
        "import sys; sys.argv = ['streamops', '--help']\n"
        "from cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'boto3', 'botocore', 'kafka', 'confluent_kafka', 'sandbox', 'pydantic', 'aws_cdk'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "sandbox" in done.stdout
