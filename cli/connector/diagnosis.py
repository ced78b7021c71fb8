"""Why the tasks of a connector ended: their reasons, their exit codes and the last lines they wrote.

ECS remembers a stopped task for about an hour; its log stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.connector.deployments import CONTAINER, Deployment, not_deployed
from cli.connector.log_lines import is_metrics, readable
from environments import naming

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

TASKS_AT_ONCE = 100
"""Most that DescribeTasks takes."""
METRIC_LINES = 100
"""Lines of metrics that may stand between those for people; a connector writes one or two a minute."""
SCALED_IN = "Scaling activity initiated by"
"""How the reason of a task begins that the scheduler needed no more."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ContainerEnd:
    """How one container of a task ended."""

    name: str
    exit_code: int | None
    """None: it never started, or has left no code."""
    reason: str


@dataclass(frozen=True)
class EndedTask:
    """A task that has stopped."""

    id: str
    task_definition: str
    """Family and revision."""
    reason: str
    stop_code: str
    """Such as EssentialContainerExited, TaskFailedToStart, ServiceSchedulerInitiated or UserInitiated."""
    created: datetime
    stopped: datetime | None
    containers: tuple[ContainerEnd, ...]
    last_lines: tuple[str, ...] = ()
    """What the connector wrote last, readable; empty where it wrote nothing or the log cannot be read."""
    log_problem: str = ""
    """Why the log cannot be read."""

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than because it was needed no more."""
        return not self.reason.startswith(SCALED_IN)

    @property
    def told(self) -> str:
        """How it ended in one line: ``Essential container in task exited; connector: exit code 1``."""
        parts = [self.reason or self.stop_code or "no reason given"]
        for container in self.containers:
            code = [] if container.exit_code is None else [f"exit code {container.exit_code}"]
            own = [container.reason] if container.reason not in ("", self.reason) else []
            if said := [*code, *own]:
                parts.append(f"{container.name}: {', '.join(said)}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The entry in a JSON answer."""
        return {
            "task": self.id,
            "task_definition": self.task_definition,
            "reason": self.reason,
            "stop_code": self.stop_code,
            "created": self.created.isoformat(),
            "stopped": self.stopped and self.stopped.isoformat(),
            "containers": [
                {"name": each.name, "exit_code": each.exit_code, "reason": each.reason} for each in self.containers
            ],
            "last_lines": list(self.last_lines),
            "log_problem": self.log_problem or None,
        }


def diagnose(aws: Aws, route: str, deployment: Deployment, *, tasks: int = 3, lines: int = 10) -> list[EndedTask]:
    """The tasks of a deployment's target that have failed, the newest first.

    Args:
        aws: where.
        route: whose service it is.
        deployment: of which the tasks are; the same task definition rolled out twice is told apart by the time.
        tasks: at most so many.
        lines: of the log of each, from its end.

    Raises:
        NotFoundError: there is no such service.
    """
    failed = [task for task in ended_tasks(aws, route) if task.failed and _belongs(task, deployment)]
    return [with_last_lines(aws, route, task, lines) for task in failed[:tasks]]


def ended_tasks(aws: Aws, route: str) -> list[EndedTask]:
    """All stopped tasks of a route's service that ECS still knows, the newest first, without their logs.

    Raises:
        NotFoundError: there is no such service.
    """
    ecs, cluster = aws.ecs, naming.ecs_cluster_name(aws.environment)
    service = naming.ecs_service_name(aws.environment, route)
    try:
        pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=service, desiredStatus="STOPPED")
        arns = [arn for page in pages for arn in page["taskArns"]]
    except (ecs.exceptions.ServiceNotFoundException, ecs.exceptions.ClusterNotFoundException) as error:
        raise not_deployed(aws, route) from error
    found = [
        _ended(task)
        for first in range(0, len(arns), TASKS_AT_ONCE)
        for task in ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + TASKS_AT_ONCE])["tasks"]
        if task.get("lastStatus") == "STOPPED"
    ]
    return sorted(found, key=lambda task: task.stopped or LONG_AGO, reverse=True)


def with_last_lines(aws: Aws, route: str, task: EndedTask, lines: int) -> EndedTask:
    """The same task with the end of its log; what cannot be read is told and hides nothing else."""
    try:
        return replace(task, last_lines=tuple(last_lines(aws, route, task.id, lines)))
    except (ClientError, BotoCoreError) as error:
        return replace(task, log_problem=str(error))


def last_lines(aws: Aws, route: str, task: str, lines: int) -> list[str]:
    """The last lines that a task's connector has written, readable; none where it never wrote any."""
    logs = aws.logs
    try:
        events = logs.get_log_events(
            logGroupName=naming.log_group_name(aws.environment, route),
            logStreamName=log_stream_name(route, task),
            limit=lines + METRIC_LINES,
            startFromHead=False,
        )["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    told = [readable(event["message"]) for event in events if not is_metrics(event["message"])]
    return told[-lines:]


def log_stream_name(route: str, task: str) -> str:
    """Log stream of a task's connector; the awslogs driver makes it of prefix, container and task."""
    return f"{route}/{CONTAINER}/{task}"


def _belongs(task: EndedTask, deployment: Deployment) -> bool:
    own = deployment.target is None or task.task_definition == deployment.target.task
    return own and task.created >= deployment.created


def _ended(task: TaskTypeDef) -> EndedTask:
    containers: Sequence[Any] = task.get("containers", [])
    return EndedTask(
        id=task["taskArn"].rpartition("/")[2],
        task_definition=task["taskDefinitionArn"].rpartition("/")[2],
        reason=task.get("stoppedReason") or "",
        stop_code=task.get("stopCode") or "",
        created=task.get("createdAt", LONG_AGO),
        stopped=task.get("stoppedAt"),
        containers=tuple(
            ContainerEnd(each.get("name", ""), each.get("exitCode"), each.get("reason") or "") for each in containers
        ),
    )
