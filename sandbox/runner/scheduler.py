"""The loop of the runner: read what ECS wants, compare with what runs, start and stop, report."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import SandboxError
from sandbox.runner.container import process_definition
from sandbox.runner.ecs import EcsControlPlane
from sandbox.runner.reconcile import DesiredService, ObservedTask, reconcile
from sandbox.runner.task import Task, log_file, start_task
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
        self._reports: deque[Callable[[], None]] = deque()
        """What ECS has still to be told, in order; kept while the stand-in does not answer."""
        self._failures: dict[str, int] = defaultdict(int)
        self._not_before: dict[str, float] = {}
        self._problem = self._log_problem = ""

    def forget_former_tasks(self) -> None:
        """Tell ECS that the tasks of an earlier runner are gone: their processes ended before this one started."""
        for arn in self._control_plane.tasks():
            self._control_plane.report_not_started(arn, "the machine that ran the task was restarted")

    def step(self) -> None:
        """One round; a stand-in that does not answer is noted once in the log and tried again in the next round."""
        self._observe()
        try:
            while self._reports:
                self._reports[0]()
                self._reports.popleft()
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
            self._observe()
            time.sleep(0.1)
        self._write_tasks()

    def _observe(self) -> None:
        """Look at every process; what has changed goes into the reports."""
        for task in list(self._tasks.values()):
            task.enforce_stop()
            code = task.exit_code
            self._forward(task, ended=code is not None)
            if code is not None:
                self._ended(task, code)
            elif task.stop_reason is None and task.probe() and task.health != "UNKNOWN":
                self._report(self._control_plane.report, task.arn, task.definition.container, task.health)
                if task.health == "UNHEALTHY":
                    task.stop("Task failed container health checks")

    def _forward(self, task: Task, *, ended: bool) -> None:
        """Bring on what a task has printed; CloudWatch Logs that takes nothing is noted once."""
        try:
            task.output.forward(ended=ended)
        except (BotoCoreError, ClientError) as error:
            if str(error) != self._log_problem:
                self._log_problem = str(error)
                log(f"{task.service}: the lines of task {task.id} do not reach CloudWatch Logs: {error}")

    def _ended(self, task: Task, code: int) -> None:
        del self._tasks[task.id]
        reason = task.stop_reason or f"Essential container in task exited with code {code}"
        log(f"{task.service}: task {task.id} stopped, exit code {code}: {reason}")
        if task.stop_reason is None:
            self._slow_down(task.deployment, ran_seconds=task.ran_seconds)
        self._report(
            self._control_plane.report_stopped,
            task.arn,
            reason,
            container=task.definition.container,
            exit_code=code,
        )

    def _report(self, call: Callable[..., None], *arguments: object, **named: object) -> None:
        self._reports.append(partial(call, *arguments, **named))

    def _reconcile(self) -> None:
        services = list(self._control_plane.services())
        names = {service.name for service in services}
        wanted = {task.arn: task for task in self._tasks.values() if task.stop_reason is None}
        for arn, reason in self._control_plane.asked_to_stop(list(wanted)).items():
            wanted[arn].stop(reason)
        for task in wanted.values():
            if task.service not in names and task.stop_reason is None:
                task.stop("the service was deleted")
        for service in services:
            self._reconcile_service(service)

    def _reconcile_service(self, service: DesiredService) -> None:
        staying = [
            ObservedTask(task.id, task.deployment, healthy=task.health == "HEALTHY")
            for task in self._tasks.values()
            if task.service == service.name and task.stop_reason is None
        ]
        changes = reconcile(service, staying)
        for task_id in changes.stop:
            self._tasks[task_id].stop("Scaling activity initiated by the service scheduler")
        if time.monotonic() >= self._not_before.get(service.deployment, 0):
            for _ in range(changes.start):
                self._start(service)

    def _start(self, service: DesiredService) -> None:
        arn = self._control_plane.start_task(service)
        task_id = arn.rpartition("/")[2]
        try:
            registered = self._control_plane.task_definition(service.task_definition)
            execution = self._control_plane.execution(registered, arn)
            definition = process_definition(registered, execution.secret)
            (container,) = registered["containerDefinitions"]
            put = execution.open_log(container, str(log_file(self._state.directory, service.name)))
            task = start_task(
                task_id=task_id,
                arn=arn,
                service=service,
                definition=definition,
                environment={
                    **self._state.aws_endpoint,
                    **self._control_plane.task_credentials(registered.get("taskRoleArn"), arn),
                },
                directory=self._state.directory,
                put=put,
            )
        except (SandboxError, BotoCoreError, ClientError) as error:
            log(f"{service.name}: task {task_id} cannot start: {error}")
            self._slow_down(service.deployment, ran_seconds=0)
            self._report(self._control_plane.report_not_started, arn, str(error))
            return
        self._tasks[task_id] = task
        self._report(self._control_plane.report, arn, task.definition.container, "RUNNING")
        log(f"{service.name}: task {task_id} started, pid {task.record.pid}, port {task.port}")

    def _slow_down(self, deployment: str, *, ran_seconds: float) -> None:
        """Wait longer before each next start of a task that keeps ending, as the ECS scheduler does."""
        self._failures[deployment] = 0 if ran_seconds > STEADY_SECONDS else self._failures[deployment] + 1
        pause = min(0.5 * 2 ** self._failures[deployment], LONGEST_PAUSE_SECONDS)
        self._not_before[deployment] = time.monotonic() + pause

    def _write_tasks(self) -> None:
        write_json(
            tasks_file(self._state.directory),
            [
                {
                    "id": task.id,
                    "service": task.service,
                    "deployment": task.deployment,
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
