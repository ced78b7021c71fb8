"""The answers of ECS about service deployments and service revisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse as Api

from sandbox.aws import ecs_services
from sandbox.aws.ecs_deployments import ServiceDeployment, histories, history_of, roll_back, watch_alarms
from sandbox.aws.mending import Mends

if TYPE_CHECKING:
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

mends = Mends()


def _shown(deployment: ServiceDeployment, service: Any) -> dict[str, Any]:
    """DescribeServiceDeployments' entry."""
    ids = [each["id"] for each in service.deployments] if service is not None else []
    primary = service.deployments[0] if ids and deployment.is_running else None
    breaker = deployment.deployment_configuration["deploymentCircuitBreaker"]["enable"]
    return {
        "serviceDeploymentArn": deployment.service_deployment_arn,
        "serviceArn": deployment.service_arn,
        "clusterArn": deployment.cluster_arn,
        "createdAt": deployment.created_at,
        "startedAt": deployment.started_at,
        "updatedAt": deployment.updated_at,
        "finishedAt": deployment.finished_at,
        "stoppedAt": deployment.stopped_at,
        "sourceServiceRevisions": [{"arn": each.service_revision_arn} for each in deployment.sources],
        "targetServiceRevision": {
            "arn": deployment.target.service_revision_arn,
            **(
                {
                    "requestedTaskCount": primary["desiredCount"],
                    "runningTaskCount": primary["runningCount"],
                    "pendingTaskCount": primary["pendingCount"],
                }
                if primary is not None and primary["taskDefinition"] == deployment.target.task_definition
                else {}
            ),
        },
        "status": deployment.status,
        "statusReason": deployment.status_reason,
        "lifecycleStage": deployment.lifecycle_stage,
        "deploymentConfiguration": deployment.deployment_configuration,
        "rollback": deployment.rollback,
        "deploymentCircuitBreaker": {
            "status": _monitor(deployment, triggered=deployment.broken, enabled=breaker),
            "failureCount": deployment.failures,
            "threshold": deployment.threshold,
        },
        "alarms": {
            "status": _monitor(deployment, triggered=bool(deployment.triggered), enabled=bool(deployment.alarm_names)),
            "alarmNames": deployment.alarm_names,
            "triggeredAlarmNames": deployment.triggered,
        },
    }


def _monitor(deployment: ServiceDeployment, *, triggered: bool, enabled: bool) -> str:
    if triggered:
        return "TRIGGERED"
    if not enabled:
        return "DISABLED"
    return "MONITORING" if deployment.status == "IN_PROGRESS" else "MONITORING_COMPLETE"


def _service(backend: Backend, arn: str) -> Any:
    return next((service for service in backend.services.values() if service.arn == arn), None)


def _found(backend: Backend, arn: str) -> ServiceDeployment | None:
    return next(
        (
            deployment
            for history in histories(backend).values()
            for deployment in history.deployments
            if deployment.service_deployment_arn == arn
        ),
        None,
    )


def _missing(arns: Sequence[str], found: Sequence[str]) -> list[dict[str, str]]:
    return [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found]


@mends.method(Api)
def list_service_deployments(self: Api) -> ActionResult:
    """ListServiceDeployments, the newest first."""
    backend = self.ecs_backend
    service = ecs_services.find(backend, self._get_param("cluster", "default"), self._get_param("service"))
    watch_alarms(backend, service)
    wanted = self._get_param("status") or ()
    shown = [
        {
            "serviceDeploymentArn": deployment.service_deployment_arn,
            "serviceArn": deployment.service_arn,
            "clusterArn": deployment.cluster_arn,
            "createdAt": deployment.created_at,
            "startedAt": deployment.started_at,
            "finishedAt": deployment.finished_at,
            "targetServiceRevisionArn": deployment.target_service_revision_arn,
            "status": deployment.status,
            "statusReason": deployment.status_reason,
        }
        for deployment in reversed(history_of(backend, service).deployments)
        if not wanted or deployment.status in wanted
    ]
    return ActionResult({"serviceDeployments": shown})


@mends.method(Api)
def describe_service_deployments(self: Api) -> ActionResult:
    """DescribeServiceDeployments, by their ARNs."""
    backend, arns = self.ecs_backend, self._get_param("serviceDeploymentArns") or []
    shown = []
    for arn in arns:
        deployment = _found(backend, arn)
        if deployment is not None:
            service = _service(backend, deployment.service_arn)
            if service is not None:
                watch_alarms(backend, service)
            shown.append(_shown(deployment, service))
    failures = _missing(arns, [each["serviceDeploymentArn"] for each in shown])
    return ActionResult({"serviceDeployments": shown, "failures": failures})


@mends.method(Api)
def describe_service_revisions(self: Api) -> ActionResult:
    """DescribeServiceRevisions, by their ARNs."""
    arns = self._get_param("serviceRevisionArns") or []
    known = {
        deployment.target_service_revision_arn: deployment.target
        for history in histories(self.ecs_backend).values()
        for deployment in history.deployments
    }
    found = [known[arn] for arn in arns if arn in known]
    return ActionResult({"serviceRevisions": found, "failures": _missing(arns, list(known))})


@mends.method(Api)
def stop_service_deployment(self: Api) -> ActionResult:
    """StopServiceDeployment: go back to the revision before, or stay with what there is."""
    backend, arn = self.ecs_backend, self._get_param("serviceDeploymentArn")
    deployment = _found(backend, arn)
    if deployment is None:
        raise JsonRESTError("ServiceDeploymentNotFoundException", f"The service deployment {arn} was not found.")
    if deployment.status != "IN_PROGRESS":
        text = f"The service deployment is {deployment.status}: it cannot be stopped."
        raise JsonRESTError("ConflictException", text)
    kind = self._get_param("stopType") or "ROLLBACK"
    service = _service(backend, deployment.service_arn)
    reason = "StopServiceDeployment was called."
    if kind == "ABORT":
        deployment.change("STOPPED", reason)
    elif not roll_back(backend, service, deployment, reason):
        text = "There is no service revision to roll back to."
        raise InvalidParameterException(text)
    return ActionResult({"serviceDeploymentArn": arn})
