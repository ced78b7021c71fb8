"""A project folder for each test, a command line to run in it, an AWS stand-in and a broker to run it against."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cli.main import app
from sandbox.kafka import Broker
from sandbox.process import accepts_connections, free_port
from sandbox.waiting import wait_until

ACCOUNT = "123456789012"
REGION = "eu-west-1"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    """What one command line did."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.answer["items"]
        return items

    @property
    def plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = self.answer["plan"]
        return plan


class Project:
    """A folder of environments and the command ``streamops`` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str | None = None, **sections: Any) -> str:
        """Write an environment; without a name it gets one that no other test has, so that nothing collides."""
        name = name or f"t{next(_numbers)}"
        document = {
            "account": ACCOUNT,
            "region": REGION,
            "network": {"zones": [f"{REGION}a", f"{REGION}b"]},
            "kafka": {"kind": "external", "bootstrap": "127.0.0.1:1", "tls": False},
            "connectors": {"image": "streamops/connector:test"},
        }
        with (self.folder / f"{name}.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(document | sections, file)
        return name

    def run(self, *arguments: str, input: str | None = None) -> Outcome:  # noqa: A002 - named as CliRunner names it
        """Run ``streamops`` with these arguments in this process."""
        result = CliRunner().invoke(app, list(arguments), input=input, prog_name="streamops")
        return Outcome(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for variable in ("STREAMOPS_ENV", "STREAMOPS_DEBUG", "STREAMOPS_SANDBOX", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    return Project(tmp_path)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an AWS stand-in, in a process of its own."""
    port = free_port()
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--account", ACCOUNT]
    with log.open("w") as written, subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT) as process:
        wait_until(lambda: accepts_connections(port) or process.poll() is not None, timeout_seconds=60)
        assert process.poll() is None, log.read_text()
        yield f"http://localhost:{port}"
        process.terminate()


@pytest.fixture
def aws(stand_in: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:  # noqa: ARG001 - order
    """Credentials and endpoint in the shell, as a user has them; gives a session to set the scene with."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stand_in)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return boto3.Session(region_name=REGION)


@pytest.fixture
def kafka(broker: Broker) -> dict[str, Any]:
    """The ``kafka:`` section of an environment on the real broker."""
    return {"kind": "external", "bootstrap": broker.bootstrap, "tls": False}


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """The name of a topic that no other test has."""
    return f"{request.node.originalname[:60]}-{next(_numbers)}"
