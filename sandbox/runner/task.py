"""One running task: a process, the port of its health endpoint, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Literal

import psutil

from sandbox.process import ProcessRecord, exit_code, free_port, start_process
from sandbox.runner.container import ProcessDefinition
from sandbox.runner.reconcile import DesiredService
from sandbox.runner.task_log import Put, TaskLog

Health = Literal["UNKNOWN", "HEALTHY", "UNHEALTHY"]
PRINTED = "task-output"
"""Where the processes of running tasks print to, a file each, until the runner has brought it on."""
HTTP_PORT_VARIABLE = "CONNECTOR_HTTP_PORT"
"""Containers have an address each and all listen on one port; processes of one machine need a port each."""


@dataclass
class Task:
    """A task that the runner has started."""

    id: str
    arn: str
    service: str
    deployment: str
    definition: ProcessDefinition
    port: int
    record: ProcessRecord
    process: psutil.Process
    output: TaskLog
    started: float = field(default_factory=time.monotonic)
    last_healthy: float | None = None
    """When ``/healthz`` last answered, on the monotonic clock."""
    health: Health = "UNKNOWN"
    stop_reason: str | None = None
    """Why the runner told it to stop; None while it should run."""
    kill_at: float | None = None

    @property
    def exit_code(self) -> int | None:
        """The exit code once the process has ended; 128 + n for a signal n, as in a container."""
        code = exit_code(self.process)
        return 128 - code if code is not None and code < 0 else code

    @property
    def ran_seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self.started

    def probe(self) -> bool:
        """Ask ``/healthz`` and judge as ECS does; true when the judgement has changed."""
        before, now, check = self.health, time.monotonic(), self.definition.health_check
        if answers(self.port, "/healthz"):
            self.last_healthy, self.health = now, "HEALTHY"
        else:
            failing_since = self.last_healthy or self.started + check.start_period_seconds
            if now - failing_since > check.patience_seconds:
                self.health = "UNHEALTHY"
        return self.health != before

    def stop(self, reason: str) -> None:
        """Ask the process to end; :meth:`enforce_stop` ends it when its time is up."""
        self.stop_reason = reason
        self.kill_at = time.monotonic() + self.definition.stop_timeout_seconds
        with suppress(psutil.NoSuchProcess):
            self.process.terminate()

    def enforce_stop(self) -> None:
        """Kill the process when it was told to stop and has not within its stop timeout, as ECS does."""
        if self.kill_at is not None and time.monotonic() > self.kill_at:
            with suppress(psutil.NoSuchProcess):
                self.process.kill()


def start_task(
    *,
    task_id: str,
    arn: str,
    service: DesiredService,
    definition: ProcessDefinition,
    environment: Mapping[str, str],
    directory: Path,
    put: Put | None = None,
) -> Task:
    """Start the process of a task; its log is ``logs/<service>.log`` of the sandbox, and its log stream by ``put``.

    Raises:
        SandboxError: the program cannot be started.
    """
    port, log, printed = free_port(), log_file(directory, service.name), directory / PRINTED / f"{task_id}.log"
    record, process = start_process(
        service.name,
        definition.argv,
        log=printed,
        owner=directory,
        environment={**definition.environment, **environment, HTTP_PORT_VARIABLE: str(port)},
    )
    return Task(
        id=task_id,
        arn=arn,
        service=service.name,
        deployment=service.deployment,
        definition=definition,
        port=port,
        record=replace(record, log=str(log)),
        process=process,
        output=TaskLog(printed, log, put),
    )


def log_file(directory: Path, service: str) -> Path:
    """Where the tasks of a service write what they print."""
    return directory / "logs" / f"{service}.log"


def answers(port: int, path: str) -> bool:
    """Whether an HTTP GET of ``path`` on this machine answers 200 within a second, whatever proxy the shell names."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
