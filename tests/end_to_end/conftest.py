"""One sandbox for the whole session: the real broker, the stand-in, the real deploy, brought up by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import owned_processes
from sandbox.state import SandboxState, read_state

ENVIRONMENT = "local"
STREAMOPS = Path(sys.executable).with_name("streamops")
COMMAND_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Deployment:
    """A sandbox in a directory of its own, operated as a person would: by the command."""

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which the command finds this sandbox."""
        return {**os.environ, "STREAMOPS_SANDBOX": str(self.directory)}

    def streamops(self, *arguments: str, environments: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``streamops`` for this sandbox, with the environment files of another folder where one is given."""
        chosen = {"STREAMOPS_ENVIRONMENTS": str(environments)} if environments else {}
        return subprocess.run(
            [STREAMOPS, *arguments],
            env={**self.environment, **chosen},
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_TIMEOUT_SECONDS,
        )

    def answer(self, *arguments: str) -> dict[str, Any]:
        """Run ``streamops ... -o json`` and read the envelope."""
        done = self.streamops(*arguments, "-o", "json")
        assert done.stdout, done.stderr
        envelope: dict[str, Any] = json.loads(done.stdout)
        return envelope

    @property
    def state(self) -> SandboxState:
        """What ``up`` wrote down."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STREAMOPS_SANDBOX", str(self.directory))
            state = read_state(ENVIRONMENT)
        assert state is not None
        return state


def connector_pids(deployment: Deployment) -> list[int]:
    """The processes of the connector tasks that run now."""
    return [process.pid for part, process in owned_processes(deployment.directory) if part == "flights-to-stream"]


def has_settled(deployment: Deployment) -> bool:
    """Whether every service runs what it shall, and nothing else runs."""
    ecs = deployment.state.client("ecs")
    names = ecs.list_services(cluster="streamops-local")["serviceArns"]
    services = ecs.describe_services(cluster="streamops-local", services=names)["services"]
    return len(connector_pids(deployment)) == 1 and all(
        service["runningCount"] == service["desiredCount"] for service in services
    )


def brought_up(directory: Path) -> Iterator[Deployment]:
    deployment = Deployment(directory)
    done = deployment.streamops("sandbox", "up")
    assert done.returncode == 0, done.stderr
    yield deployment
    done = deployment.streamops("sandbox", "down")
    assert done.returncode == 0, done.stderr
    assert not owned_processes(directory)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A sandbox that is up, and that leaves no process behind at the end of the session."""
    yield from brought_up(tmp_path_factory.mktemp("sandbox") / ENVIRONMENT)
