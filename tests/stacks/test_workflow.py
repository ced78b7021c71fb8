"""The workflow for users says only what the tools understand; nothing here can run it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ruamel.yaml import YAML

from environments import find_environments
from tests.stacks.command_line import CDK, surroundings
from tests.stacks.synthesis import PROJECT

WORKFLOW: dict[str, Any] = YAML(typ="safe", pure=True).load(PROJECT / ".github" / "workflows" / "deploy.yaml")
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
STREAMOPS = Path(sys.executable).with_name("streamops")
NEEDS_NO_CHECK = {"echo", "gh"}
"""What runners bring along."""


def commands() -> Iterator[list[str]]:
    """The words of every command of every step."""
    for job in JOBS.values():
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                yield shlex.split(line.split(" >")[0])


def called(program: str) -> list[list[str]]:
    found = [words[1:] for words in commands() if Path(words[0]).name == program]
    assert found
    return found


@cache
def help_of(program: Path, *words: str) -> str:
    """What a command tells of itself; the words up to the first option or argument name it."""
    named = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    with TemporaryDirectory() as folder:
        command = [str(program), *named, "--help"]
        environment = surroundings(Path(folder))
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout + done.stderr


def options(words: list[str]) -> list[str]:
    return [word for word in words if word.startswith("--")]


def test_every_program_is_one_that_is_checked_here():
    assert {Path(words[0]).name for words in commands()} == {
        *("make", "streamops", "cdk", "python", "pytest"),
        *NEEDS_NO_CHECK,
    }


def test_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {words[-1] for words in called("make")} <= targets


def test_modules_and_paths_exist():
    assert all((PROJECT / f"{words[1].replace('.', '/')}.py").is_file() for words in called("python"))
    assert all((PROJECT / word).exists() for words in called("pytest") for word in words)


@pytest.mark.parametrize("words", called("streamops"), ids=" ".join)
def test_streamops_knows_every_command_and_option(words: list[str]):
    text = help_of(STREAMOPS, *words[:2])
    assert [option for option in options(words) if option not in text] == []


@pytest.mark.parametrize("words", called("cdk"), ids=" ".join)
def test_the_cdk_knows_every_command_and_option(words: list[str]):
    text = help_of(CDK, *words[:1])
    assert f"cdk {words[0]}" in text
    assert [option for option in options(words) if option not in text] == []


def test_the_cdk_starts_the_app_with_the_python_that_make_has_set_up():
    for name in ("deploy", "nightly"):
        runs = [step.get("run", "") for step in JOBS[name]["steps"]]
        path = next(number for number, run in enumerate(runs) if "GITHUB_PATH" in run and ".venv/bin" in run)
        assert path < next(number for number, run in enumerate(runs) if "/cdk " in run)


def test_only_environments_that_exist_are_deployed_and_looked_at_and_never_the_local_one():
    known = {name for name in find_environments() if name != "local"}
    for job in ("deploy", "nightly"):
        assert set(JOBS[job]["strategy"]["matrix"]["environment"]) == known


def test_whoever_reaches_aws_does_so_by_a_short_lived_role_of_one_environment_after_the_checks():
    reaching = {name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})}
    assert reaching == {"deploy", "nightly"}
    for name in reaching:
        (credentials,) = (each["with"] for each in JOBS[name]["steps"] if "aws-actions" in each.get("uses", ""))
        assert credentials.keys() == {"role-to-assume", "aws-region"}
        assert "matrix.environment" in JOBS[name]["environment"]
    assert JOBS["deploy"]["needs"] == "checks"
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_what_others_write_never_becomes_part_of_a_command():
    runs = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert runs
    assert not [run for run in runs if "${{" in run]
