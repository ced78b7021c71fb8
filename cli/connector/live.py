"""Reading the connectors of an environment as ECS runs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.aws import CONCURRENT_CALLS, Aws
from environments import naming

if TYPE_CHECKING:
    from mypy_boto3_ecs.literals import DesiredStatusType
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

SERVICES_PER_CALL = 10
"""DescribeServices takes no more."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class StoppedTask:
    """How a task ended; ECS remembers it for about an hour."""

    reason: str
    exit_code: int | None
    stopped: datetime | None


@dataclass(frozen=True)
class LiveTask:
    """A task that is to run."""

    id: str
    status: str
    """Such as pending or running."""
    health: str
    """healthy, unhealthy or unknown."""
    task_definition: str
    """Family and revision."""
    started: datetime | None


@dataclass(frozen=True)
class Event:
    """What the scheduler of ECS tells of a service."""

    at: datetime
    message: str


@dataclass(frozen=True)
class LiveConnector:
    """The ECS service of a route."""

    service: str
    desired: int
    running: int
    pending: int
    rollout: str
    """Of its newest deployment: completed, in-progress or failed."""
    rollout_reason: str
    task_definition: str
    """Family and revision."""
    task_health: Mapping[str, int]
    """Running tasks by what their health check says: healthy, unhealthy, unknown."""
    last_stopped: StoppedTask | None
    tasks: tuple[LiveTask, ...] = ()
    events: tuple[Event, ...] = ()
    """The newest first; ECS keeps a hundred."""


def read_connectors(aws: Aws, routes: Sequence[str]) -> dict[str, LiveConnector | None]:
    """The connector of each route, or None where it is not deployed."""
    ecs = aws.ecs  # made here: boto3 sessions must not make clients in several threads
    found: dict[str, ServiceTypeDef] = {}
    names = {naming.ecs_service_name(aws.environment, route): route for route in routes}
    cluster = naming.ecs_cluster_name(aws.environment)
    for first in range(0, len(names), SERVICES_PER_CALL):
        chosen = list(names)[first : first + SERVICES_PER_CALL]
        try:
            answer = ecs.describe_services(cluster=cluster, services=chosen)
        except ecs.exceptions.ClusterNotFoundException:
            return dict.fromkeys(routes)
        found |= {names[s["serviceName"]]: s for s in answer["services"] if s["status"] != "INACTIVE"}

    def read(route: str) -> LiveConnector | None:
        return _live(aws, cluster, found[route]) if route in found else None

    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        return dict(zip(routes, pool.map(read, routes), strict=True))


def _live(aws: Aws, cluster: str, service: ServiceTypeDef) -> LiveConnector:
    name = service["serviceName"]
    newest = next((d for d in service.get("deployments", []) if d.get("status") == "PRIMARY"), None)
    running, stopped = _tasks(aws, cluster, name, "RUNNING"), _tasks(aws, cluster, name, "STOPPED")
    last = max(stopped, key=lambda task: task.get("stoppedAt", LONG_AGO), default=None)
    return LiveConnector(
        service=name,
        desired=service["desiredCount"],
        running=service["runningCount"],
        pending=service["pendingCount"],
        rollout=(newest or {}).get("rolloutState", "COMPLETED").lower().replace("_", "-"),
        rollout_reason=(newest or {}).get("rolloutStateReason", ""),
        task_definition=service["taskDefinition"].rpartition("/")[2],
        task_health=Counter(task.get("healthStatus", "UNKNOWN").lower() for task in running),
        last_stopped=_stopped(last) if last else None,
        tasks=tuple(map(_task, running)),
        events=tuple(
            Event(event["createdAt"], event["message"].removeprefix(f"(service {name}) "))
            for event in service.get("events", [])
        ),
    )


def _task(task: TaskTypeDef) -> LiveTask:
    return LiveTask(
        id=task["taskArn"].rpartition("/")[2],
        status=task.get("lastStatus", "UNKNOWN").lower(),
        health=task.get("healthStatus", "UNKNOWN").lower(),
        task_definition=task["taskDefinitionArn"].rpartition("/")[2],
        started=task.get("startedAt"),
    )


def _tasks(aws: Aws, cluster: str, service: str, status: DesiredStatusType) -> list[TaskTypeDef]:
    # One page: ListTasks gives 100, which is more than a route has tasks and all that DescribeTasks takes.
    arns = aws.ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus=status)["taskArns"]
    return aws.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []


def _stopped(task: TaskTypeDef) -> StoppedTask:
    exits = [container.get("exitCode") for container in task.get("containers", [])]
    return StoppedTask(
        reason=task.get("stoppedReason", ""),
        exit_code=next((code for code in exits if code is not None), None),
        stopped=task.get("stoppedAt"),
    )
