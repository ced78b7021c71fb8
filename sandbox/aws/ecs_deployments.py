"""Service deployments and service revisions of ECS: what a rollout was, how it ended, and what it went back to.

moto has neither. Here each change that replaces tasks makes a service revision and a service deployment towards it,
which ends

    SUCCESSFUL           when as many tasks of it are ready as are desired, and no older one is left
    ROLLBACK_SUCCESSFUL  when the circuit breaker, an alarm of the deployment or StopServiceDeployment sent it back,
                         and the tasks of the revision before it are ready again
    STOPPED              when a later change took its place, or nothing said that it should go back

A rollback is no deployment of its own: the one that failed goes on with the revision before
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html). The texts of `statusReason` are
this module's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws import ecs_services

if TYPE_CHECKING:
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

RUNNING = ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED")
GOING_BACK = "ROLLBACK_IN_PROGRESS"


@dataclass
class Revision:
    """What a service was made of; the attributes are named for the members of the API."""

    service_revision_arn: str
    service_arn: str
    cluster_arn: str
    task_definition: str
    launch_type: str | None
    platform_version: str | None
    network_configuration: Any
    capacity_provider_strategy: Any
    container_images: list[dict[str, str]]
    created_at: datetime


@dataclass
class ServiceDeployment:
    """One rollout; the attributes are named for the members of the API."""

    service_deployment_arn: str
    service_arn: str
    cluster_arn: str
    target: Revision
    sources: list[Revision]
    deployment_configuration: dict[str, Any]
    threshold: int
    status: str = "IN_PROGRESS"
    status_reason: str | None = None
    lifecycle_stage: str | None = "SCALE_UP"
    rollback: dict[str, Any] | None = None
    failures: int = 0
    triggered: list[str] = field(default_factory=list)
    broken: bool = False
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def started_at(self) -> datetime:
        """It begins when it is made."""
        return self.created_at

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in RUNNING

    @property
    def target_service_revision_arn(self) -> str:
        """What ListServiceDeployments tells of its target."""
        return self.target.service_revision_arn

    @property
    def alarm_names(self) -> list[str]:
        """The alarms that send it back."""
        alarms = self.deployment_configuration.get("alarms") or {}
        return list(alarms.get("alarmNames", [])) if alarms.get("enable") else []

    def change(self, status: str, reason: str) -> None:
        """Go over into another state."""
        self.status, self.status_reason, self.updated_at = status, reason, datetime.now(UTC)
        if not self.is_running:
            self.finished_at, self.lifecycle_stage = self.updated_at, None
        if status == "STOPPED":
            self.stopped_at = self.updated_at


@dataclass
class History:
    """What was deployed as one service."""

    deployments: list[ServiceDeployment] = field(default_factory=list)
    """The newest last."""


def histories(backend: Backend) -> dict[str, History]:
    """The deployments of each service, by its ARN."""
    found: dict[str, History] = vars(backend).setdefault("service_deployments", {})
    return found


def history_of(backend: Backend, service: Any) -> History:
    """The deployments of one service."""
    return histories(backend).setdefault(service.arn, History())


def current(backend: Backend, service: Any) -> ServiceDeployment | None:
    """Return the newest deployment of a service."""
    deployments = history_of(backend, service).deployments
    return deployments[-1] if deployments else None


def begin(backend: Backend, service: Any) -> None:
    """Note that a service is deployed as it is now; a deployment that was under way ends."""
    history = history_of(backend, service)
    before = current(backend, service)
    if before is not None and before.is_running:
        before.change("STOPPED", "A new service deployment took the place of this one.")
    target = _revision(backend, service)
    deployment = ServiceDeployment(
        service_deployment_arn=_arn(service, "service-deployment"),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        target=target,
        sources=_sources(history),
        deployment_configuration=service.deployment_configuration,
        threshold=ecs_services.failure_threshold(service),
    )
    history.deployments.append(deployment)
    service.current_service_deployment = deployment.service_deployment_arn


def complete(backend: Backend, service: Any) -> None:
    """Note that the tasks of the newest deployment, or of what it went back to, are ready."""
    deployment = current(backend, service)
    if deployment is None or not deployment.is_running:
        return
    if deployment.status == GOING_BACK:
        deployment.change("ROLLBACK_SUCCESSFUL", f"{deployment.status_reason} The rollback is complete.")
    else:
        deployment.change("SUCCESSFUL", "The service deployment is complete.")


def fail(backend: Backend, service: Any, *, broken: bool, rollback: bool) -> None:
    """Note that one more task of the newest deployment has ended unasked, and whether the breaker was triggered."""
    deployment = current(backend, service)
    if deployment is not None and deployment.status == GOING_BACK and broken:
        deployment.change("ROLLBACK_FAILED", "The tasks of the revision before failed too.")
    if deployment is None or deployment.status != "IN_PROGRESS":
        return
    deployment.failures += 1
    if not broken:
        return
    deployment.broken = True
    reason = "The deployment circuit breaker counted too many tasks that failed."
    if not (rollback and roll_back(backend, service, deployment, reason)):
        deployment.change("STOPPED", reason)


def watch_alarms(backend: Backend, service: Any) -> None:
    """Send a deployment back whose alarms have gone off, where it is to go back for that."""
    deployment = current(backend, service)
    if deployment is None or deployment.status != "IN_PROGRESS":
        return
    known = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    ringing = [
        name for name in deployment.alarm_names if name in known and getattr(known[name], "state_value", "") == "ALARM"
    ]
    if not ringing:
        return
    deployment.triggered = ringing
    reason = f"Alarms of the deployment went off: {', '.join(ringing)}."
    asked = (deployment.deployment_configuration.get("alarms") or {}).get("rollback", False)
    if not (asked and roll_back(backend, service, deployment, reason)):
        deployment.change("STOPPED", reason)


def roll_back(backend: Backend, service: Any, deployment: ServiceDeployment, reason: str) -> bool:
    """Begin to go back to the last revision that was complete; False where there is none."""
    good = next(iter(deployment.sources), None)
    if good is None:
        return False
    deployment.change(GOING_BACK, reason)
    deployment.rollback = {
        "reason": reason,
        "startedAt": deployment.updated_at,
        "serviceRevisionArn": good.service_revision_arn,
    }
    service.task_definition = good.task_definition
    ecs_services.replace_tasks(service)
    service.deployments[0]["rolloutStateReason"] = f"{reason} Rolling back to {good.task_definition}."
    ecs_services.tell(service, f"rolling back to the last completed deployment, of {good.task_definition}.")
    ecs_services.settle(backend, service)
    return True


def _sources(history: History) -> list[Revision]:
    """The revision that the newest deployment which came to a good end left running."""
    for deployment in reversed(history.deployments):
        if deployment.status == "SUCCESSFUL":
            return [deployment.target]
        if deployment.status == "ROLLBACK_SUCCESSFUL":
            return deployment.sources
    return []


def _revision(backend: Backend, service: Any) -> Revision:
    definition = backend.describe_task_definition(service.task_definition)
    return Revision(
        service_revision_arn=_arn(service, "service-revision"),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        task_definition=definition.arn,
        launch_type=service.launch_type,
        platform_version=service.platform_version,
        network_configuration=service.network_configuration or None,
        capacity_provider_strategy=service.capacity_provider_strategy or None,
        container_images=[
            {"containerName": str(each["name"]), "image": str(each["image"])}
            for each in definition.container_definitions
        ],
        created_at=datetime.now(UTC),
    )


def _arn(service: Any, kind: str) -> str:
    number = SystemRandom().randrange(10**18, 10**19)
    return f"{service.arn.replace(':service/', f':{kind}/')}/{number}"
