"""ECS services: what they are made of, their deployments, and what follows from the states of their tasks.

moto drops deployment configuration, capacity providers and half a dozen more settings of a service, calls as many
tasks running as are desired, and has no deployments that end. Here a service keeps what it was given; a change
of its task definition begins a deployment; a deployment is complete when as many tasks of it are ready as are
desired and no older task is left, and failed when the circuit breaker has counted enough tasks that ended
unasked: half the desired count, at least 3 and at most 200
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.ecs.exceptions import ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse as Api

from sandbox.aws import ecs_deployments, ecs_tasks
from sandbox.aws.mending import Mends

if TYPE_CHECKING:
    from sandbox.aws.ecs_tasks import Task

mends = Mends()

# What CreateService and UpdateService take and moto leaves out, with what DescribeServices tells by default.
KEPT: Mapping[str, Any] = {
    "deploymentConfiguration": {},
    "capacityProviderStrategy": [],
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": None,
    "placementConstraints": [],
    "placementStrategy": [],
    "availabilityZoneRebalancing": None,
    "propagateTags": "NONE",
    "platformVersion": None,
}
DEFAULT_DEPLOYMENT = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}
FEWEST_FAILURES, MOST_FAILURES = 3, 200
KEPT_EVENTS = 100

# A change of one of these replaces the tasks.
_DEPLOYS = ("taskDefinition", "networkConfiguration", "platformVersion", "capacityProviderStrategy")


def find(backend: EC2ContainerServiceBackend, cluster: str, name: str) -> Any:
    """Return a service by the name or ARN of its cluster and its own.

    Raises:
        ServiceNotFoundException: There is none.
    """
    service = backend.services.get(f"{cluster.rpartition('/')[2]}:{name.rpartition('/')[2]}")
    if service is None:
        raise ServiceNotFoundException
    return service


def deployment_for(service: Any, task_definition: str) -> dict[str, Any]:
    """Return the newest deployment of a task definition, or the primary one."""
    for deployment in service.deployments:
        if deployment["taskDefinition"] == task_definition:
            return dict(deployment)
    return dict(service.deployments[0])


def tell(service: Any, message: str) -> None:
    """Add an event to a service, the newest first."""
    event = {"id": str(uuid4()), "createdAt": datetime.now(UTC), "message": f"(service {service.name}) {message}"}
    service.events = [event, *service.events[: KEPT_EVENTS - 1]]


def deploy(backend: EC2ContainerServiceBackend, service: Any) -> None:
    """Begin a deployment of the service as it is now."""
    replace_tasks(service)
    ecs_deployments.begin(backend, service)


def replace_tasks(service: Any) -> None:
    """Have new tasks take the place of the old ones, which drain."""
    deployment_id = f"ecs-svc/{SystemRandom().randrange(10**18, 10**19)}"
    now = datetime.now(UTC)
    for deployment in service.deployments:
        deployment["status"] = "ACTIVE"
    primary = {
        "id": deployment_id,
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired_count,
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        "capacityProviderStrategy": service.capacity_provider_strategy or None,
        "launchType": service.launch_type,
        "platformVersion": service.platform_version,
        "platformFamily": "Linux",
        "networkConfiguration": service.network_configuration or None,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {deployment_id} in progress.",
    }
    service.deployments = [primary, *service.deployments]


def settle(backend: EC2ContainerServiceBackend, service: Any, *, failed: Task | None = None) -> None:
    """Recount a service and its deployments from its tasks, and see whether a deployment has ended."""
    live = [
        task
        for task in ecs_tasks.tasks_of(backend, service.cluster_arn, f"{ecs_tasks.SERVICE_GROUP}{service.name}")
        if not task.is_stopped
    ]
    service.running_count = sum(task.last_status == "RUNNING" for task in live)
    service.pending_count = sum(task.last_status != "RUNNING" for task in live)
    for deployment in service.deployments:
        own = [task for task in live if task.started_by == deployment["id"]]
        running = sum(task.last_status == "RUNNING" for task in own)
        counts = {"runningCount": running, "pendingCount": len(own) - running}
        if failed is not None and failed.started_by == deployment["id"]:
            counts["failedTasks"] = deployment["failedTasks"] + 1
        if any(deployment[name] != count for name, count in counts.items()):
            deployment.update(counts, updatedAt=datetime.now(UTC))
    primary = service.deployments[0]
    primary["desiredCount"] = service.desired_count
    service.deployments = [primary] + [
        old for old in service.deployments[1:] if old["runningCount"] or old["pendingCount"]
    ]
    ready = sum(task.is_ready for task in live if task.started_by == primary["id"])
    if primary["rolloutState"] == "IN_PROGRESS":
        if ready >= service.desired_count and len(service.deployments) == 1:
            _complete(backend, service, primary)
        elif failed is not None and failed.started_by == primary["id"]:
            _break(backend, service, primary)
    if service.status == "DRAINING" and not live:
        service.status = "INACTIVE"
    _count_cluster(backend, service.cluster_name)


def failure_threshold(service: Any) -> int:
    """How many tasks may fail before the circuit breaker is triggered."""
    desired: int = service.desired_count
    return min(max(math.ceil(desired / 2), FEWEST_FAILURES), MOST_FAILURES)


def _complete(backend: EC2ContainerServiceBackend, service: Any, primary: dict[str, Any]) -> None:
    primary["rolloutState"] = "COMPLETED"
    primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
    tell(service, f"(deployment {primary['id']}) deployment completed.")
    tell(service, "has reached a steady state.")
    ecs_deployments.complete(backend, service)


def _break(backend: EC2ContainerServiceBackend, service: Any, primary: dict[str, Any]) -> None:
    breaker = service.deployment_configuration["deploymentCircuitBreaker"]
    broken = breaker["enable"] and primary["failedTasks"] >= failure_threshold(service)
    if broken:
        primary["rolloutState"] = "FAILED"
        primary["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        tell(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
    ecs_deployments.fail(backend, service, broken=broken, rollback=breaker["rollback"])


def _count_cluster(backend: EC2ContainerServiceBackend, name: str) -> None:
    cluster = backend.clusters[name]
    services = [service for service in backend.services.values() if service.cluster_name == name]
    cluster.running_tasks_count = sum(service.running_count for service in services)
    cluster.pending_tasks_count = sum(service.pending_count for service in services)
    cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)


def _keep(service: Any, given: Mapping[str, Any]) -> None:
    for name, default in KEPT.items():
        attribute = xform_name(name)
        if given.get(name) is not None:
            setattr(service, attribute, given[name])
        elif getattr(service, attribute, None) is None:
            setattr(service, attribute, default)
    service.deployment_configuration = {**DEFAULT_DEPLOYMENT, **service.deployment_configuration}


_create_service, _update_service, _delete_service = Api.create_service, Api.update_service, Api.delete_service
_list_services = EC2ContainerServiceBackend.list_services


@mends.method(Api)
def create_service(self: Api) -> ActionResult:
    """CreateService with everything it was given."""
    given = self._get_params()
    network = (given.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network is not None:
        network.setdefault("securityGroups", [])
    answer = _create_service(self)
    service: Any = answer.result["service"]  # type: ignore[index]  # a dict here
    _keep(service, given)
    if service.capacity_provider_strategy:
        service.launch_type = None
    service.created_at = datetime.now(UTC)
    service.deployments = []
    deploy(self.ecs_backend, service)
    settle(self.ecs_backend, service)
    return answer


@mends.method(Api)
def update_service(self: Api) -> ActionResult:
    """UpdateService; what replaces tasks begins a deployment, the rest takes effect as it is."""
    given = self._get_params()
    service = find(self.ecs_backend, given.get("cluster") or "default", given["service"])
    before = {name: getattr(service, xform_name(name), None) for name in _DEPLOYS}
    answer = _update_service(self)
    _keep(service, given)
    service.task_definition = self.ecs_backend.describe_task_definition(service.task_definition).arn
    after = {name: getattr(service, xform_name(name), None) for name in _DEPLOYS}
    if before != after or given.get("forceNewDeployment"):
        deploy(self.ecs_backend, service)
    elif service.desired_count != service.deployments[0]["desiredCount"]:
        service.deployments[0]["desiredCount"] = service.desired_count
    settle(self.ecs_backend, service)
    return answer


@mends.method(Api)
def delete_service(self: Api) -> ActionResult:
    """DeleteService: the tasks are told to stop, and the service drains until they have."""
    answer = _delete_service(self)
    service: Any = answer.result["service"]  # type: ignore[index]  # a dict here
    service.desired_count = 0
    service.status = "DRAINING"
    for task in ecs_tasks.tasks_of(self.ecs_backend, service.cluster_arn, f"{ecs_tasks.SERVICE_GROUP}{service.name}"):
        task.desired_status = "STOPPED"
    settle(self.ecs_backend, service)
    return answer


@mends.method(EC2ContainerServiceBackend)
def list_services(self: EC2ContainerServiceBackend, cluster_str: str, *rest: Any, **named: Any) -> list[str]:
    """ListServices without the deleted ones, which moto goes on listing."""
    gone = {service.arn for service in self.services.values() if _is_gone(service)}
    return [arn for arn in _list_services(self, cluster_str, *rest, **named) if arn not in gone]


def _is_gone(service: Service) -> bool:
    return service.status == "INACTIVE"
