"""The runner's loop: what it starts, stops and reports, with real processes and a control plane that can fail."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox.process import owned_processes, stop_processes
from sandbox.runner import container
from sandbox.runner.execution import Execution
from sandbox.runner.reconcile import DesiredService
from sandbox.runner.scheduler import Scheduler
from sandbox.state import SandboxState
from sandbox.tasks import running_tasks
from sandbox.waiting import wait_until

IMAGE = "streamops/connector:local"
HEALTHY = """
import http.server, os, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["CONNECTOR_HTTP_PORT"])), Health).serve_forever()
"""
SILENT = "import time; time.sleep(60)"
ENDING = "import sys; sys.exit(3)"


class ControlPlane:
    """ECS as the runner sees it, kept in memory; ``reachable`` switches its answers off."""

    def __init__(self, program: str, desired: int = 1) -> None:
        self.program = program
        self.desired = desired
        self.deployment = "deployment-1"
        self.deleted = False
        self.stopped: dict[str, str] = {}
        self.reports: list[tuple[str, str]] = []
        self.reachable = True
        self.started = 0

    def _answer(self) -> None:
        if not self.reachable:
            raise EndpointConnectionError(endpoint_url="http://localhost:1")

    def tasks(self) -> list[str]:
        return ["arn:task/former"]

    def services(self) -> Iterator[DesiredService]:
        self._answer()
        if not self.deleted:
            yield DesiredService("flights", self.deployment, "family:1", self.desired)

    def task_definition(self, _arn: str) -> Mapping[str, Any]:
        health_check = {"interval": 1 if self.program == SILENT else 30, "retries": 1}
        one = {"name": "connector", "image": IMAGE, "command": [self.program], "healthCheck": health_check}
        return {"family": "family", "containerDefinitions": [one | {"stopTimeout": 5}]}

    def execution(self, _task_definition: Mapping[str, Any], arn: str) -> Execution:
        def client(_service: str) -> Any:
            raise AssertionError

        return Execution(client, arn)

    def task_credentials(self, _role: str | None, _arn: str) -> dict[str, str]:
        return {}

    def start_task(self, _service: DesiredService) -> str:
        self._answer()
        self.started += 1
        return f"arn:task/{self.started}"

    def asked_to_stop(self, _arns: Sequence[str]) -> Mapping[str, str]:
        return self.stopped

    def report(self, arn: str, _container: str, status: str) -> None:
        self._answer()
        self.reports.append((arn, status))

    def report_stopped(self, arn: str, reason: str, *, container: str, exit_code: int) -> None:
        self._answer()
        self.reports.append((arn, f"STOPPED {exit_code} {container} {reason}"))

    def report_not_started(self, arn: str, reason: str) -> None:
        self._answer()
        self.reports.append((arn, f"STOPPED {reason}"))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxState]:
    monkeypatch.setitem(container.INSTALLED_IMAGES, IMAGE, (sys.executable, "-c"))
    yield SandboxState("local", tmp_path, "http://localhost:1", "0" * 12, "eu-west-1", "a", "b", "127.0.0.1:1")
    stop_processes([process for _, process in owned_processes(tmp_path)], grace_seconds=5)


def runner(state: SandboxState, control_plane: ControlPlane) -> Scheduler:
    return Scheduler(state, control_plane)  # type: ignore[arg-type] # the same methods


def until(scheduler: Scheduler, condition, timeout_seconds: float = 20) -> bool:
    def stepped() -> bool:
        scheduler.step()
        return bool(condition())

    return wait_until(stepped, timeout_seconds=timeout_seconds, every_seconds=0.05)


def test_a_task_is_started_and_reported_running_then_healthy(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    assert until(runner(state, ecs), lambda: len(ecs.reports) == 2)
    assert ecs.reports == [("arn:task/1", "RUNNING"), ("arn:task/1", "HEALTHY")]
    (task,) = running_tasks(state.directory)
    assert (task.service, task.deployment, task.health) == ("flights", "deployment-1", "HEALTHY")


def test_a_task_that_ends_is_reported_with_its_exit_code_and_started_again_after_a_pause(state: SandboxState):
    ecs = ControlPlane(ENDING)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: ecs.started == 2)
    ended = "STOPPED 3 connector Essential container in task exited with code 3"
    assert ecs.reports[:2] == [("arn:task/1", "RUNNING"), ("arn:task/1", ended)]
    assert until(scheduler, lambda: len(ecs.reports) == 4)
    scheduler.step()
    assert ecs.started == 2, "a crash loop waits longer before each start"


def test_a_killed_task_has_the_exit_code_of_a_container(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 2)
    ((_, process),) = owned_processes(state.directory)
    process.send_signal(signal.SIGKILL)
    assert until(scheduler, lambda: len(ecs.reports) > 2)
    assert ecs.reports[2][1].startswith("STOPPED 137 ")


def test_a_task_that_never_answers_its_health_check_is_unhealthy_and_replaced(state: SandboxState):
    ecs = ControlPlane(SILENT)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: ecs.started == 2 and any("STOPPED" in status for _, status in ecs.reports))
    told = [status for arn, status in ecs.reports if arn == "arn:task/1"]
    assert told[:2] == ["RUNNING", "UNHEALTHY"]
    assert told[2].endswith("Task failed container health checks")


def test_what_ecs_could_not_be_told_is_told_when_it_answers_again(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 2)
    ecs.reachable = False
    ((_, process),) = owned_processes(state.directory)
    process.send_signal(signal.SIGKILL)
    assert until(scheduler, lambda: not running_tasks(state.directory))
    assert len(ecs.reports) == 2
    ecs.reachable = True
    assert until(scheduler, lambda: len(ecs.reports) >= 3)
    assert ecs.reports[2] == ("arn:task/1", "STOPPED 137 connector Essential container in task exited with code 137")


def test_a_task_that_somebody_stopped_ends_and_is_replaced(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 2)
    ecs.stopped = {"arn:task/1": "maintenance"}
    scheduler.step()
    ecs.stopped = {}
    assert until(scheduler, lambda: ecs.started == 2)
    assert any(status.endswith("maintenance") for arn, status in ecs.reports if arn == "arn:task/1")


def test_a_new_deployment_of_the_same_definition_replaces_the_tasks(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 2)
    ecs.deployment = "deployment-2"
    assert until(scheduler, lambda: [task.id for task in running_tasks(state.directory)] == ["2"])


def test_the_tasks_of_a_deleted_service_end(state: SandboxState):
    ecs = ControlPlane(HEALTHY, desired=2)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 4)
    ecs.deleted = True
    assert until(scheduler, lambda: not owned_processes(state.directory))


def test_an_image_that_is_not_there_is_reported_as_the_reason(state: SandboxState, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(container.INSTALLED_IMAGES, IMAGE)
    ecs = ControlPlane(HEALTHY)
    assert until(runner(state, ecs), lambda: bool(ecs.reports))
    assert ecs.reports[0][1].startswith("STOPPED CannotPullContainerError")


def test_the_tasks_of_an_earlier_runner_are_told_to_be_gone(state: SandboxState):
    ecs = ControlPlane(HEALTHY)
    runner(state, ecs).forget_former_tasks()
    assert ecs.reports == [("arn:task/former", "STOPPED the machine that ran the task was restarted")]


def test_stopping_the_runner_ends_every_task(state: SandboxState):
    ecs = ControlPlane(HEALTHY, desired=2)
    scheduler = runner(state, ecs)
    assert until(scheduler, lambda: len(ecs.reports) == 4)
    scheduler.stop()
    assert not owned_processes(state.directory)
    assert not running_tasks(state.directory)
