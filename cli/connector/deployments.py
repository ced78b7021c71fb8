"""Reading the service deployments of ECS: what a rollout is, how far it has come and how it ended.

ECS keeps service deployments for 90 days, and service revisions since October 2024.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.aws import Aws
from cli.errors import ExitCode, NotFoundError
from environments import naming

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceDeploymentTypeDef, ServiceRevisionTypeDef

CONTAINER = "connector"
"""The container of a task that moves records; a collector may stand beside it."""

DESCRIBED_AT_ONCE = 20
"""Most that DescribeServiceDeployments and DescribeServiceRevisions take.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html
"""

OUTCOMES: Mapping[str, ExitCode] = {
    "SUCCESSFUL": ExitCode.OK,
    "ROLLBACK_SUCCESSFUL": ExitCode.ROLLOUT_FAILED,
    "ROLLBACK_FAILED": ExitCode.ROLLOUT_FAILED,
    "STOPPED": ExitCode.ROLLOUT_FAILED,
}
"""What each end of a deployment means for the one who asked for it."""

TERMINAL = frozenset(OUTCOMES)
"""States that a deployment does not leave any more."""

GOING_BACK = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
"""States in which the tasks that start are those of the revision before."""


@dataclass(frozen=True)
class Revision:
    """What a service was made of: a service revision."""

    arn: str
    task_definition: str
    """Its ARN."""
    images: Mapping[str, str]
    """By container; with the digest where ECS has resolved it."""
    created: datetime | None

    @property
    def task(self) -> str:
        """Family and revision of the task definition."""
        return self.task_definition.rpartition("/")[2]

    @property
    def image(self) -> str | None:
        """The connector's own image."""
        return self.images.get(CONTAINER)


@dataclass(frozen=True)
class Breaker:
    """The circuit breaker of a deployment."""

    status: str
    """TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED."""
    failures: int
    """Tasks that failed."""
    threshold: int
    """At how many it is triggered."""


@dataclass(frozen=True)
class Alarms:
    """The CloudWatch alarms that a deployment is held against."""

    status: str
    """As of the circuit breaker."""
    names: tuple[str, ...] = ()
    triggered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """One service deployment."""

    arn: str
    status: str
    """PENDING, IN_PROGRESS, STOP_REQUESTED, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS, or one of ``TERMINAL``."""
    stage: str | None
    """Such as SCALE_UP or BAKE_TIME; None where ECS tells none."""
    reason: str
    created: datetime
    finished: datetime | None
    target: Revision | None
    """What is rolled out; None where ECS does not know that revision any more."""
    source: Revision | None
    """What was there before, and what a rollback goes to; None for the first deployment of a service."""
    requested: int | None
    """Tasks of the target that there are to be; None where ECS counts none."""
    running: int | None
    pending: int | None
    breaker: Breaker
    alarms: Alarms
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """``deploymentConfiguration`` as ECS gives it."""
    hooks: tuple[Mapping[str, Any], ...] = ()
    """Lifecycle hooks that are under way or wait for somebody, as ECS gives them."""
    rolled_back_to: str | None = None
    """ARN of the service revision that it went back to, or is going back to."""

    @property
    def terminal(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    @property
    def going_back(self) -> bool:
        """Whether it is on its way back to the revision before."""
        return self.status in GOING_BACK

    @property
    def outcome(self) -> ExitCode | None:
        """What its end means for the one who asked for it; None while it is under way."""
        return OUTCOMES.get(self.status)

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    def as_json(self) -> dict[str, Any]:
        """The entry in a JSON answer."""
        return {
            "arn": self.arn,
            "status": self.status,
            "stage": self.stage,
            "reason": self.reason,
            "created": self.created.isoformat(),
            "finished": self.finished and self.finished.isoformat(),
            "target": self.target and revision_json(self.target),
            "source": self.source and revision_json(self.source),
            "rolled_back_to": self.rolled_back_to,
            "requested": self.requested,
            "running": self.running,
            "pending": self.pending,
            "circuit_breaker": {
                "status": self.breaker.status,
                "failures": self.breaker.failures,
                "threshold": self.breaker.threshold,
            },
            "alarms": {
                "status": self.alarms.status,
                "names": list(self.alarms.names),
                "triggered": list(self.alarms.triggered),
            },
        }


def revision_json(revision: Revision) -> dict[str, Any]:
    """The entry of a service revision in a JSON answer."""
    return {"arn": revision.arn, "task_definition": revision.task, "images": dict(revision.images)}


def newest(aws: Aws, route: str) -> Deployment | None:
    """The newest deployment of a route's service; None where it has none.

    Raises:
        NotFoundError: there is no such service.
    """
    return next(iter(recent(aws, route, limit=1)), None)


def recent(aws: Aws, route: str, *, limit: int | None = None) -> list[Deployment]:
    """The deployments of a route's service that ECS still knows, the newest first; at most ``limit``.

    Raises:
        NotFoundError: there is no such service.
    """
    ecs, cluster = aws.ecs, naming.ecs_cluster_name(aws.environment)
    request: dict[str, Any] = {"cluster": cluster, "service": naming.ecs_service_name(aws.environment, route)}
    found: list[tuple[datetime, str]] = []
    try:
        while True:
            page = ecs.list_service_deployments(**request)
            found += [(each["createdAt"], each["serviceDeploymentArn"]) for each in page["serviceDeployments"]]
            if not page.get("nextToken"):
                break
            request["nextToken"] = page["nextToken"]
    except (ecs.exceptions.ServiceNotFoundException, ecs.exceptions.ClusterNotFoundException) as error:
        raise not_deployed(aws, route) from error
    # ECS does not promise an order.
    return _described(aws, [arn for _, arn in sorted(found, reverse=True)[:limit]])


def one(aws: Aws, arn: str) -> Deployment:
    """One deployment by its ARN.

    Raises:
        NotFoundError: ECS does not know it (any more).
    """
    found = _described(aws, [arn])
    if not found:
        raise NotFoundError(f"ECS knows no service deployment {arn}", "it keeps them for 90 days")
    return found[0]


def read_revisions(aws: Aws, arns: Iterable[str]) -> dict[str, Revision]:
    """Service revisions by their ARNs; those that ECS does not know any more are left out."""
    found: dict[str, Revision] = {}
    wanted = list(dict.fromkeys(arns))
    for first in range(0, len(wanted), DESCRIBED_AT_ONCE):
        chosen = wanted[first : first + DESCRIBED_AT_ONCE]
        answer = aws.ecs.describe_service_revisions(serviceRevisionArns=chosen)
        found |= {each["serviceRevisionArn"]: _revision(each) for each in answer["serviceRevisions"]}
    return found


def not_deployed(aws: Aws, route: str) -> NotFoundError:
    """What to say of a route whose service is not there."""
    environment = aws.environment
    return NotFoundError(
        f"connector {route} is not deployed: there is no service {naming.ecs_service_name(environment, route)} "
        f"in cluster {naming.ecs_cluster_name(environment)}",
        f"deploy it: cdk deploy '{environment.name}/connectors'",
    )


def _described(aws: Aws, arns: Sequence[str]) -> list[Deployment]:
    entries: list[ServiceDeploymentTypeDef] = []
    for first in range(0, len(arns), DESCRIBED_AT_ONCE):
        chosen = arns[first : first + DESCRIBED_AT_ONCE]
        entries += aws.ecs.describe_service_deployments(serviceDeploymentArns=chosen)["serviceDeployments"]
    revisions = read_revisions(aws, (arn for entry in entries for arn in _revisions_of(entry)))
    described = {entry["serviceDeploymentArn"]: _deployment(entry, revisions) for entry in entries}
    return [described[arn] for arn in arns if arn in described]


def _revisions_of(entry: ServiceDeploymentTypeDef) -> list[str]:
    return [each["arn"] for each in (*_sources(entry), entry.get("targetServiceRevision", {})) if "arn" in each]


def _sources(entry: ServiceDeploymentTypeDef) -> list[Any]:
    return list(entry.get("sourceServiceRevisions") or ())


def _deployment(entry: ServiceDeploymentTypeDef, revisions: Mapping[str, Revision]) -> Deployment:
    target = entry.get("targetServiceRevision") or {}
    breaker, alarms = entry.get("deploymentCircuitBreaker") or {}, entry.get("alarms") or {}
    # A deployment that follows one that was stopped midway has several sources; what is gone back to is told by
    # ``rollback``, else the newest of them.
    back = (entry.get("rollback") or {}).get("serviceRevisionArn")
    sources = [revisions[each["arn"]] for each in _sources(entry) if each.get("arn") in revisions]
    oldest = datetime.min.replace(tzinfo=UTC)
    source = revisions.get(back or "") or max(sources, key=lambda each: each.created or oldest, default=None)
    return Deployment(
        arn=entry["serviceDeploymentArn"],
        status=entry["status"],
        stage=entry.get("lifecycleStage"),
        reason=entry.get("statusReason") or "",
        created=entry["createdAt"],
        finished=entry.get("finishedAt"),
        target=revisions.get(target.get("arn", "")),
        source=source,
        requested=target.get("requestedTaskCount"),
        running=target.get("runningTaskCount"),
        pending=target.get("pendingTaskCount"),
        breaker=Breaker(breaker.get("status", "DISABLED"), breaker.get("failureCount", 0), breaker.get("threshold", 0)),
        alarms=Alarms(
            alarms.get("status", "DISABLED"),
            tuple(alarms.get("alarmNames", ())),
            tuple(alarms.get("triggeredAlarmNames", ())),
        ),
        configuration=entry.get("deploymentConfiguration") or {},
        hooks=tuple(entry.get("lifecycleHookDetails") or ()),  # type: ignore[typeddict-item,unused-ignore]
        rolled_back_to=back,
    )


def _revision(entry: ServiceRevisionTypeDef) -> Revision:
    images = {}
    for container in entry.get("containerImages", ()):
        image, digest = container.get("image", ""), container.get("imageDigest")
        images[container.get("containerName", "")] = f"{image}@{digest}" if digest and "@" not in image else image
    return Revision(entry["serviceRevisionArn"], entry["taskDefinition"], images, entry.get("createdAt"))
