"""The loop of the runner: read what ECS wants, compare with what runs, start and stop, report."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import SandboxError
from sandbox.runner.container import process_definition
from sandbox.runner.ecs import EcsControlPlane
from sandbox.runner.reconcile import DesiredService, ObservedTask, reconcile
from sandbox.runner.task import Task, start_task
from sandbox.state import SandboxState, write_json

TASKS_FILE = "tasks.json"
INTERVAL_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A task that ran this long and then ended starts over at once: it was not in a crash loop."""


class Scheduler:
    """Keeps the tasks of one cluster as ECS says they should be."""

    def __init__(self, state: SandboxState, control_plane: EcsControlPlane) -> None:
        self._state = state
        self._control_plane = control_plane
        self._tasks: dict[str, Task] = {}
        self._failures: dict[tuple[str, str], int] = defaultdict(int)
        self._not_before: dict[tuple[str, str], float] = {}
        self._problem = ""

    def forget_former_tasks(self) -> None:
        """Tell ECS that the tasks of an earlier runner are gone: their processes ended before this one started."""
        for arn in self._control_plane.tasks():
            self._control_plane.report_not_started(arn, "the machine that ran the task was restarted")

    def step(self) -> None:
        """One round; a stand-in that does not answer is reported once and tried again in the next round."""
        try:
            self._observe()
            self._reconcile()
            self._problem = ""
        except (BotoCoreError, ClientError) as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log(f"the AWS stand-in does not do as asked: {error}")
        self._write_tasks()

    def stop(self) -> None:
        """Stop every task, each within its own stop timeout."""
        for task in self._tasks.values():
            if task.stop_reason is None:
                task.stop("the sandbox is going down")
        while self._tasks:
            self._observe(report=False)
            time.sleep(0.1)
        self._write_tasks()

    def _observe(self, *, report: bool = True) -> None:
        for task in list(self._tasks.values()):
            task.enforce_stop()
            code = task.exit_code
            if code is None:
                if task.stop_reason is None and task.probe() and task.health != "UNKNOWN":
                    self._control_plane.report(task.arn, task.definition.container, task.health)
                    if task.health == "UNHEALTHY":
                        task.stop("Task failed container health checks")
                continue
            del self._tasks[task.id]
            reason = task.stop_reason or f"Essential container in task exited with code {code}"
            log(f"{task.service}: task {task.id} stopped, exit code {code}: {reason}")
            if task.stop_reason is None:
                self._slow_down(task.service, task.task_definition, ran_seconds=task.ran_seconds)
            if report:
                self._control_plane.report_stopped(
                    task.arn, reason, container=task.definition.container, exit_code=code
                )

    def _reconcile(self) -> None:
        services = {service.name: service for service in self._control_plane.services()}
        for task in self._tasks.values():
            if task.service not in services and task.stop_reason is None:
                task.stop("the service was deleted")
        wanted = {task.arn: task for task in self._tasks.values() if task.stop_reason is None}
        for arn, reason in self._control_plane.asked_to_stop(list(wanted)).items():
            wanted[arn].stop(reason)
        for service in services.values():
            staying = [
                ObservedTask(task.id, task.task_definition, healthy=task.health == "HEALTHY")
                for task in self._tasks.values()
                if task.service == service.name and task.stop_reason is None
            ]
            changes = reconcile(service, staying)
            for task_id in changes.stop:
                self._tasks[task_id].stop("Scaling activity initiated by the service scheduler")
            key = (service.name, service.task_definition)
            if changes.start and time.monotonic() >= self._not_before.get(key, 0):
                for _ in range(changes.start):
                    self._start(service)

    def _start(self, service: DesiredService) -> None:
        arn = self._control_plane.start_task(service)
        task_id = arn.rpartition("/")[2]
        try:
            registered = self._control_plane.task_definition(service.task_definition)
            task = start_task(
                task_id=task_id,
                arn=arn,
                service=service.name,
                task_definition=service.task_definition,
                definition=process_definition(registered, self._control_plane.secret),
                environment={
                    **self._state.aws_environment,
                    **self._control_plane.task_credentials(registered.get("taskRoleArn")),
                },
                directory=self._state.directory,
            )
        except (SandboxError, BotoCoreError, ClientError) as error:
            log(f"{service.name}: task {task_id} cannot start: {error}")
            self._slow_down(service.name, service.task_definition, ran_seconds=0)
            self._control_plane.report_not_started(arn, str(error))
            return
        self._tasks[task_id] = task
        self._control_plane.report(arn, task.definition.container, "RUNNING")
        log(f"{service.name}: task {task_id} started, pid {task.record.pid}, port {task.port}")

    def _slow_down(self, service: str, task_definition: str, *, ran_seconds: float) -> None:
        """Wait longer before each next start of a task that keeps ending, as the ECS scheduler does."""
        key = (service, task_definition)
        self._failures[key] = 0 if ran_seconds > STEADY_SECONDS else self._failures[key] + 1
        pause = min(0.5 * 2 ** self._failures[key], LONGEST_PAUSE_SECONDS)
        self._not_before[key] = time.monotonic() + pause

    def _write_tasks(self) -> None:
        write_json(
            tasks_file(self._state.directory),
            [
                {
                    "id": task.id,
                    "service": task.service,
                    "task_definition": task.task_definition,
                    "pid": task.record.pid,
                    "created": task.record.created,
                    "port": task.port,
                    "log": task.record.log,
                    "health": task.health,
                    "stopping": task.stop_reason is not None,
                }
                for task in self._tasks.values()
            ],
        )


def tasks_file(directory: Path) -> Path:
    """Where the runner writes down the tasks it has running."""
    return directory / TASKS_FILE


def log(message: str) -> None:
    """One line with the time, to the runner's log."""
    print(time.strftime("%H:%M:%S"), message, flush=True)  # noqa: T201 - stdout is the log
