"""Tasks of ECS services: their life as the agent on a machine reports it.

moto has no scheduler and no agent: nothing runs a service's tasks, and a task it starts goes through all states
by being described. Whoever plays the agent here speaks the protocol of a real one:

    StartTask               a task of `group="service:NAME"` comes to be (PENDING); `referenceId`, where given,
                            becomes its id; `containerInstances` may name anything
    SubmitTaskStateChange   `status` RUNNING or STOPPED, `reason`, and per container `exitCode`, `runtimeId`
                            and `status`; the container status HEALTHY or UNHEALTHY also tells what its
                            health check says, which a real agent reports over its telemetry connection
    StopTask                asks for the end of a task: `desiredStatus` becomes STOPPED, and the agent acts on it

Everything that DescribeServices tells of a service follows from that (`ecs_services`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ClusterNotFoundException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse as Api

from sandbox.aws import ecs_services
from sandbox.aws.mending import Mends

if TYPE_CHECKING:
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

mends = Mends()

SERVICE_GROUP = "service:"
KEPT_STOPPED = 100
HEALTH = ("HEALTHY", "UNHEALTHY")
_TASK_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Task:
    """A task as the API shows it; the attributes are named for its members."""

    task_arn: str
    cluster_arn: str
    task_definition_arn: str
    group: str
    started_by: str
    launch_type: str | None
    containers: list[dict[str, Any]]
    cpu: str | None = None
    memory: str | None = None
    tags: list[dict[str, str]] = field(default_factory=list)
    overrides: dict[str, Any] = field(default_factory=dict)
    last_status: str = "PENDING"
    desired_status: str = "RUNNING"
    health_status: str = "UNKNOWN"
    stop_code: str | None = None
    stopped_reason: str | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    version: int = 1
    connectivity: str = "CONNECTED"
    platform_family: str = "Linux"
    has_health_check: bool = False

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.task_arn.rpartition("/")[2]

    @property
    def is_stopped(self) -> bool:
        """Whether it has ended."""
        return self.last_status == "STOPPED"

    @property
    def is_ready(self) -> bool:
        """Whether it counts for its deployment: it runs, and its health check, if it has one, passes."""
        return self.last_status == "RUNNING" and (not self.has_health_check or self.health_status == "HEALTHY")


def tasks_of(backend: Backend, cluster: str | None = None, group: str | None = None) -> list[Task]:
    """Return the tasks of services, the stopped ones of late included."""
    return [
        task
        for task in _store(backend).values()
        if (cluster is None or task.cluster_arn.rpartition("/")[2] == cluster.rpartition("/")[2])
        and group in (None, task.group)
    ]


def _store(backend: Backend) -> dict[str, Task]:
    found: dict[str, Task] = vars(backend).setdefault("service_tasks", {})
    return found


def _task(self: Api) -> Task:
    named = self._get_param("task") or ""
    for task in tasks_of(self.ecs_backend, self._get_param("cluster", "default")):
        if named in (task.task_arn, task.id):
            return task
    text = "The referenced task was not found."
    raise InvalidParameterException(text)


_start_task, _describe_tasks, _list_tasks, _stop_task = (
    Api.start_task,
    Api.describe_tasks,
    Api.list_tasks,
    Api.stop_task,
)


@mends.method(Api)
def start_task(self: Api) -> ActionResult:
    """StartTask; tasks of a service need no registered container instance."""
    group = self._get_param("group") or ""
    if not group.startswith(SERVICE_GROUP):
        return _start_task(self)
    backend = self.ecs_backend
    service = ecs_services.find(backend, self._get_param("cluster", "default"), group.removeprefix(SERVICE_GROUP))
    definition = backend.describe_task_definition(self._get_param("taskDefinition"))
    reference = self._get_param("referenceId") or ""
    task_id = reference if _TASK_ID.fullmatch(reference) else uuid4().hex
    arn = service.cluster_arn.replace(":cluster/", ":task/") + f"/{task_id}"
    task = Task(
        task_arn=arn,
        cluster_arn=service.cluster_arn,
        task_definition_arn=definition.arn,
        group=group,
        # As with the real scheduler, `startedBy` names the deployment that the task belongs to.
        started_by=ecs_services.deployment_for(service, definition.arn)["id"],
        launch_type=service.launch_type,
        containers=[
            {
                "containerArn": arn.replace(":task/", ":container/") + f"/{uuid4()}",
                "taskArn": arn,
                "name": container["name"],
                "image": container["image"],
                "lastStatus": "PENDING",
                "healthStatus": "UNKNOWN",
                "networkInterfaces": [],
            }
            for container in definition.container_definitions
        ],
        cpu=definition.cpu,
        memory=definition.memory,
        tags=service.tags if service.propagate_tags == "SERVICE" else [],
        overrides=self._get_param("overrides") or {},
        has_health_check=any("healthCheck" in container for container in definition.container_definitions),
    )
    _store(backend)[arn] = task
    ecs_services.tell(service, f"has started 1 tasks: (task {task.id}).")
    ecs_services.settle(backend, service)
    return ActionResult({"tasks": [task], "failures": []})


@mends.method(Api)
def submit_task_state_change(self: Api) -> ActionResult:
    """SubmitTaskStateChange, which moto does not have: the agent's report on a task and its containers."""
    task, backend = _task(self), self.ecs_backend
    status, reason = self._get_param("status"), self._get_param("reason")
    reports = self._get_param("containers") or []
    for report in reports:
        _apply(task, report)
    if task.is_stopped:
        return ActionResult({"acknowledgment": "ok"})
    failed = None
    if status == "RUNNING" and task.last_status != "RUNNING":
        task.started_at = datetime.now(UTC)
    if status == "STOPPED":
        failed = _stop(task, reason, exited=any("exitCode" in report for report in reports))
    if status and status != task.last_status:
        task.last_status = status
        task.version += 1
    service = ecs_services.find(backend, task.cluster_arn, task.group.removeprefix(SERVICE_GROUP))
    if status == "STOPPED":
        ecs_services.tell(service, f"has stopped 1 running tasks: (task {task.id}).")
        _forget(backend, task.group)
    ecs_services.settle(backend, service, failed=failed)
    return ActionResult({"acknowledgment": "ok"})


def _apply(task: Task, report: dict[str, Any]) -> None:
    for container in task.containers:
        if container["name"] != report.get("containerName"):
            continue
        for member in ("exitCode", "runtimeId", "reason"):
            if report.get(member) is not None:
                container[member] = report[member]
        status = report.get("status")
        if status in HEALTH:
            container["healthStatus"], container["lastStatus"] = status, "RUNNING"
            checks = [one["healthStatus"] for one in task.containers if one["healthStatus"] != "UNKNOWN"]
            task.health_status = "UNHEALTHY" if "UNHEALTHY" in checks else "HEALTHY"
        elif status:
            container["lastStatus"] = status


def _stop(task: Task, reason: str | None, *, exited: bool) -> Task | None:
    """Mark the end of a task; return it when nobody had asked for that, so that its deployment counts a failure."""
    unasked = task.desired_status != "STOPPED"
    task.stopped_at = datetime.now(UTC)
    task.stopping_at = task.stopping_at or task.stopped_at
    task.desired_status = "STOPPED"
    task.stopped_reason = task.stopped_reason or reason
    for container in task.containers:
        container["lastStatus"] = "STOPPED"
    if task.stop_code is None:
        by_scheduler = bool(reason) and "service scheduler" in str(reason)
        started = task.started_at is not None or exited
        task.stop_code = (
            "ServiceSchedulerInitiated"
            if by_scheduler
            else "EssentialContainerExited"
            if started
            else "TaskFailedToStart"
        )
        unasked = unasked and not by_scheduler
    return task if unasked else None


def _forget(backend: Backend, group: str) -> None:
    """Drop all but the newest stopped tasks of a service; AWS shows them for about an hour."""
    stopped = [task for task in tasks_of(backend, group=group) if task.stopped_at is not None]
    for task in sorted(stopped, key=lambda task: task.stopped_at or task.created_at)[:-KEPT_STOPPED]:
        del _store(backend)[task.task_arn]


@mends.method(Api)
def list_tasks(self: Api) -> ActionResult:
    """ListTasks by service, family, starter and desired status, which is RUNNING where none is asked for."""
    cluster = self._get_param("cluster", "default").rpartition("/")[2]
    if cluster not in self.ecs_backend.clusters:
        raise ClusterNotFoundException
    service, family = self._get_param("serviceName"), self._get_param("family")
    started_by = self._get_param("startedBy")
    status = self._get_param("desiredStatus") or "RUNNING"
    group = f"{SERVICE_GROUP}{service.rpartition('/')[2]}" if service else None
    found = [
        task.task_arn
        for task in tasks_of(self.ecs_backend, cluster, group)
        if task.desired_status == status
        and family in (None, task.task_definition_arn.rpartition("/")[2].partition(":")[0])
        and started_by in (None, task.started_by)
    ]
    others = [] if service else _list_tasks(self).result["taskArns"]  # type: ignore[index]  # a dict here
    return ActionResult({"taskArns": found + others})


@mends.method(Api)
def describe_tasks(self: Api) -> ActionResult:
    """DescribeTasks; asking changes nothing."""
    store = _store(self.ecs_backend)
    by_id = {task.id: task for task in store.values()}
    asked: list[str] = self._get_param("tasks") or []
    if not asked:
        text = "Tasks cannot be empty."
        raise InvalidParameterException(text)
    found = [by_id[name.rpartition("/")[2]] for name in asked if name.rpartition("/")[2] in by_id]
    others = [name for name in asked if name.rpartition("/")[2] not in by_id]
    if others:
        cluster = self._get_param("cluster", "default")
        found += self.ecs_backend.describe_tasks(cluster, others)  # type: ignore[arg-type]  # moto's tasks
        arns = {task.task_arn for task in found}
        failures = [{"arn": name, "reason": "MISSING"} for name in others if name not in arns]
    else:
        failures = []
    return ActionResult({"tasks": found, "failures": failures})


@mends.method(Api)
def stop_task(self: Api) -> ActionResult:
    """StopTask: the agent sees the desired status, and the task ends when it reports so."""
    backend = self.ecs_backend
    named = (self._get_param("task") or "").rpartition("/")[2]
    if named not in {task.id for task in _store(backend).values()}:
        return _stop_task(self)
    task = _task(self)
    if not task.is_stopped:
        task.desired_status = "STOPPED"
        task.stop_code, task.stopping_at = "UserInitiated", datetime.now(UTC)
        task.stopped_reason = self._get_param("reason") or "Task stopped by user"
    return ActionResult({"task": task})
