"""The directory of a sandbox: never anybody else's, one spelling, readable or a clear message."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.errors import SandboxError
from sandbox.lifecycle import down, up
from sandbox.process import isolated_environment
from sandbox.report import Reporter
from sandbox.state import STATE_FILE, read_state, running_sandbox, sandbox_directory


@pytest.fixture
def quiet() -> Reporter:
    return Reporter(Console(file=io.StringIO()))


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that holds somebody's files."""
    directory = tmp_path / "thesis"
    directory.mkdir()
    (directory / "chapter-1.md").write_text("precious")
    monkeypatch.setenv("STREAMOPS_SANDBOX", str(directory))
    return directory


def test_down_leaves_a_directory_alone_that_is_no_sandbox(strangers: Path, quiet: Reporter):
    down("local", quiet)
    assert [path.name for path in strangers.iterdir()] == ["chapter-1.md"]


def test_up_refuses_a_directory_that_holds_something_else(strangers: Path, quiet: Reporter):
    with pytest.raises(SandboxError, match=r"is not empty and is not a sandbox's") as refused:
        up("local", quiet)
    assert "STREAMOPS_SANDBOX" in refused.value.way_out
    assert [path.name for path in strangers.iterdir()] == ["chapter-1.md"]


def test_down_removes_only_what_a_sandbox_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Reporter):
    monkeypatch.setenv("STREAMOPS_SANDBOX", str(tmp_path))
    (tmp_path / "sandbox.lock").touch()
    (tmp_path / "kafka").mkdir()
    (tmp_path / "notes.txt").touch()
    down("local", quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "sandbox.lock"]


@pytest.mark.parametrize("name", ["../src", "/etc", "environments/local.yaml", "Local", ""])
def test_only_plain_names_lead_to_a_directory(name: str):
    with pytest.raises(SandboxError, match="is not the name of an environment"):
        sandbox_directory(name)


def test_every_spelling_of_a_directory_is_the_same_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    spelled = []
    for spelling in ("here", "./here", str(tmp_path / "there" / ".." / "here")):
        monkeypatch.setenv("STREAMOPS_SANDBOX", spelling)
        spelled.append(sandbox_directory("local"))
    assert spelled == [tmp_path.resolve() / "here"] * 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"processes": 3}', '{"processes": {"kafka": 1}}'])
def test_a_damaged_state_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("STREAMOPS_SANDBOX", str(tmp_path))
    (tmp_path / STATE_FILE).write_text(text)
    with pytest.raises(SandboxError, match="cannot be read") as found:
        read_state("local")
    assert found.value.way_out == "streamops sandbox down -e local, then up again"


def test_where_no_sandbox_runs_the_way_out_names_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STREAMOPS_SANDBOX", str(tmp_path))
    with pytest.raises(SandboxError) as missing:
        running_sandbox("mine")
    assert missing.value.way_out == "start it with: streamops sandbox up -e mine"


def test_no_process_of_a_sandbox_sees_the_users_own_aws_account_or_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_KINESIS", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.setenv(name, "prod")
    monkeypatch.setenv("NO_PROXY", "example.com")
    variables = isolated_environment(tmp_path, "aws")
    assert "prod" not in variables.values()
    assert variables["NO_PROXY"] == "*"
