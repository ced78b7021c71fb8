"""``streamops sandbox`` as far as it goes without a sandbox: which one is meant, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.errors import explain
from sandbox.errors import SandboxError
from sandbox.state import SandboxState

VERBS = [["up"], ["down"], ["status"], ["env"], ["logs", "kafka"], ["run", "flights"]]


@pytest.fixture
def asked(monkeypatch):
    """The names of the sandboxes that ``status`` asked for."""
    names: list[str] = []

    def status(name: str) -> list[dict[str, object]]:
        names.append(name)
        return []

    monkeypatch.setattr("cli.sandbox.status.status", status)
    return names


@pytest.mark.parametrize(
    ("options", "shell", "meant"),
    [([], None, "local"), ([], "other", "other"), (["-e", "third"], "other", "third")],
)
def test_the_environment_is_the_named_one_then_that_of_the_shell_then_local(
    project, monkeypatch, asked, options, shell, meant
):
    if shell:
        monkeypatch.setenv("STREAMOPS_ENV", shell)
    assert project.run("sandbox", "status", *options).exit_code == 0
    assert asked == [meant]


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        *((verb, "./x/foo.yaml") for verb in VERBS),
        *((["down"], name) for name in ("foo.yaml", "..", ".", "/", "a b", "")),
    ],
)
def test_a_sandbox_is_known_by_a_plain_name(project, verb, name):
    outcome = project.run("sandbox", *verb, "-e", name)
    assert outcome.exit_code == 2
    assert "is not the name of an environment" in outcome.stderr


def test_killing_and_sabotage_together_are_wrong_usage(project):
    outcome = project.run("sandbox", "run", "flights", "--kill", "--sabotage", "swap", "-o", "json")
    assert outcome.exit_code == 2
    assert outcome.answer["errors"][0]["code"] == "usage"
    assert "--sabotage swap" in outcome.stderr


def test_what_a_sandbox_lacks_is_told_with_the_way_out(project):
    outcome = project.run("sandbox", "status", "-o", "json")
    assert outcome.exit_code == 1
    (error,) = outcome.answer["errors"]
    assert error["code"] == "sandbox"
    assert "streamops sandbox up" in error["way_out"]
    assert "streamops sandbox up" not in error["message"]
    assert outcome.stderr.count("streamops sandbox up") == 1


def test_an_error_of_the_sandbox_without_a_way_out_has_none():
    explained = explain(SandboxError("the broker has stopped"))
    assert explained is not None
    assert explained.as_json() == {"code": "sandbox", "message": "the broker has stopped"}


@pytest.mark.parametrize("package", ["moto", "psutil"])
def test_a_missing_package_of_the_sandbox_is_told_with_the_way_to_get_it(package):
    explained = explain(ModuleNotFoundError(f"No module named {package!r}", name=package))
    assert explained is not None
    assert "make setup" in explained.way_out
    assert "pip install 'streamops[sandbox]'" in explained.way_out


SANDBOX = SandboxState(
    name="local",
    directory=Path("there"),
    endpoint_url="http://localhost:4566",
    account="000000000000",
    region="eu-west-1",
    access_key_id="sandbox",
    secret_access_key="it's one word",
    bootstrap="127.0.0.1:9092",
)


@pytest.fixture
def up(monkeypatch):
    """A sandbox that runs, as far as ``env`` asks."""
    monkeypatch.setattr("cli.sandbox.env.running_sandbox", lambda _: SANDBOX)


def shell(lines: str, *names: str) -> list[str]:
    """What a shell holds in some variables after it has read some lines."""
    script = lines + "".join(f'printf "%s\\n" "${{{name}-not set}}"\n' for name in names)
    return subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.usefixtures("up")
def test_a_shell_that_reads_the_variables_reaches_the_sandbox(project):
    lines = project.run("sandbox", "env").stdout
    assert shell(lines, "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "KAFKA_BOOTSTRAP") == [
        "http://localhost:4566", "eu-west-1", "eu-west-1", "127.0.0.1:9092"
    ]  # fmt: skip
    assert shell(lines, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") == ["sandbox", "it's one word"]


@pytest.mark.usefixtures("up")
def test_what_leads_to_a_real_account_is_unset_and_nothing_else(project, monkeypatch):
    theirs = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_KINESIS", "AWS_ROLE_ARN")
    for name in (*theirs, "AWS_PAGER", "AWS_REGION"):
        monkeypatch.setenv(name, "mine")
    lines = project.run("sandbox", "env").stdout
    assert shell(lines, *theirs, "AWS_PAGER") == ["not set"] * len(theirs) + ["mine"]
    items = {item["name"]: item["value"] for item in project.run("sandbox", "env", "-o", "json").items}
    assert items["AWS_PROFILE"] is None
    assert items["AWS_REGION"] == "eu-west-1"
