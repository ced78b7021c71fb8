"""The command tree: what it offers, what its help says, and what it costs to ask."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import subprocess
import sys

import pytest
import typer

from cli.deferred import DeferredGroup, Member, load
from cli.main import app

HEAVY = ("boto3", "botocore", "kafka", "ruamel", "sandbox", "environments", "jmespath")
# Not pydantic: typer converts the options of the root with it before it comes to the help of a group.


def verbs() -> list[tuple[str, Member]]:
    root = typer.main.get_command(app)
    assert isinstance(root, DeferredGroup)
    found = []
    for name, member in root.members.items():
        group = load(member)
        if isinstance(group, DeferredGroup):
            found += [(f"{name} {verb}", entry) for verb, entry in group.members.items()]
        else:
            found.append((name, member))
    return found


VERBS = dict(verbs())


def test_the_commands_are_those_of_the_grammar():
    assert set(VERBS) >= {
        *("env list", "env show", "env validate", "env schema", "env init"),
        *("stream list", "stream describe", "topic list", "topic describe", "topic sync"),
        *("status", "apply", "sandbox up", "sandbox down", "sandbox status", "sandbox logs", "sandbox run"),
    }


@pytest.mark.parametrize("verb", VERBS)
def test_help_opens_with_an_example_that_the_command_accepts(project, verb):
    helped = project.run(*verb.split(), "--help")
    assert helped.exit_code == 0
    example = VERBS[verb].example
    assert " ".join(helped.stdout.split("Example: ")[1].split()).startswith(" ".join(example.split())[:60])

    words = shlex.split(example.partition(">")[0])
    assert words[: 1 + len(verb.split())] == ["streamops", *verb.split()]
    arguments = [word for word in words[1 + len(verb.split()) :] if word != "plan.json"]
    if verb != "apply":
        load(VERBS[verb]).make_context(verb, arguments)


@pytest.mark.parametrize("arguments", ["--help", "stream --help", "topic --help", "env --help", "sandbox --help"])
def test_help_imports_no_client_library(arguments):
    code = f"""
import sys
from cli.main import app
try:
    app({shlex.split(arguments)!r})
except SystemExit:
    pass
print("IMPORTED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Usage:" in shown
    assert shown.rstrip().endswith("IMPORTED []")


def test_the_command_runs_as_a_process_of_its_own():
    version = subprocess.run(
        [sys.executable, "-m", "cli.main", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout == f"streamops {importlib.metadata.version('streamops')}\n"
    assert version.stderr == ""


def test_a_mistyped_command_is_wrong_usage_with_a_suggestion(project):
    outcome = project.run("stream", "lst")
    assert outcome.exit_code == 2
    assert "'list'" in outcome.stderr
    assert outcome.stdout == ""


def test_completion_offers_names_from_the_environment_files(project):
    name = project.write(streams={"orders": {"mode": "on-demand"}, "clicks": {"mode": "on-demand"}})
    assert complete(f"streamops stream describe -e {name} o") == ["orders"]
    assert complete(f"streamops stream list -e {name[:1]}") == [name]


def test_completion_says_nothing_about_a_file_that_is_wrong(project):
    (project.folder / "broken.yaml").write_text("account: {{{")
    assert complete("streamops stream describe -e broken o") == []


def complete(line: str) -> list[str]:
    environment = {
        **os.environ,
        "_STREAMOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    code = "from cli.main import app; app(prog_name='streamops')"
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert shown.stderr == ""
    return shown.stdout.split()
