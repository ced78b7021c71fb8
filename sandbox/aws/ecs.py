"""`AWS::ECS::*` of a template, made through the API of ECS with every property.

moto's CloudFormation makes a cluster of its name alone, a task definition of its containers and memory, and a service
of its task definition and count; the roles, the CPU, the network and the deployment settings are lost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse as Api
from moto.sts.models import sts_backends

from sandbox.aws.api import arguments, client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()

_register_task_definition = Api.register_task_definition


@mends.method(EC2ContainerServiceBackend)
def list_clusters(self: EC2ContainerServiceBackend) -> list[str]:
    """ListClusters without the deleted ones, which moto goes on listing."""
    return [cluster.arn for cluster in self.clusters.values() if cluster.status == "ACTIVE"]


@mends.method(Api)
def register_task_definition(self: Api) -> ActionResult:
    """RegisterTaskDefinition; the revision tells who registered it and when."""
    answer = _register_task_definition(self)
    revision: Any = answer.result["taskDefinition"]  # type: ignore[index]  # a dict here
    revision.registered_at = datetime.now(UTC)
    callers = sts_backends[self.current_account]["aws"]
    _, revision.registered_by, _ = callers.get_caller_identity(self.get_access_key(), self.region)
    return answer


def _retag(ecs: Any, arn: str, old: Properties, new: Properties) -> None:
    tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
    if removed:
        ecs.untag_resource(resourceArn=arn, tagKeys=removed)
    if tags:
        ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()])


@resource_type("AWS::ECS::Cluster")
class ClusterType(ResourceType):
    """A cluster; `Ref` gives its name."""

    replaced_by = frozenset({"ClusterName"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the cluster."""
        ecs = client("ecs", place.region)
        named = {"ClusterName": place.name(), **properties}
        given = arguments(ecs, "CreateCluster", named, ClusterSettings="settings")
        cluster = ecs.create_cluster(**given)["cluster"]
        return Made(cluster["clusterName"], {"Arn": cluster["clusterArn"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change settings, capacity providers and tags."""
        ecs = client("ecs", place.region)
        settings = new.get("ClusterSettings", [{"Name": "containerInsights", "Value": "disabled"}])
        given = arguments(ecs, "UpdateCluster", {**new, "ClusterSettings": settings}, ClusterSettings="settings")
        ecs.update_cluster(**{**given, "cluster": made.physical_id})
        providers = ("CapacityProviders", "DefaultCapacityProviderStrategy")
        if any(old.get(name) != new.get(name) for name in providers):
            chosen = {name: new.get(name, []) for name in providers}
            given = arguments(ecs, "PutClusterCapacityProviders", chosen)
            ecs.put_cluster_capacity_providers(**{**given, "cluster": made.physical_id})
        _retag(ecs, made.attribute("Arn"), old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the cluster."""
        client("ecs", place.region).delete_cluster(cluster=made.physical_id)


@resource_type("AWS::ECS::TaskDefinition")
class TaskDefinitionType(ResourceType):
    """A revision of a task definition; a change makes a new one, which replaces it."""

    def create(self, place: Place, properties: Properties) -> Made:
        """Register the revision; `Ref` gives its ARN."""
        ecs = client("ecs", place.region)
        given = arguments(ecs, "RegisterTaskDefinition", {"Family": place.name(), **properties})
        arn = ecs.register_task_definition(**given)["taskDefinition"]["taskDefinitionArn"]
        return Made(arn, {"TaskDefinitionArn": arn})

    def needs_replacement(self, old: Properties, new: Properties) -> bool:
        """Everything but the tags belongs to the revision."""
        return {**old, "Tags": None} != {**new, "Tags": None}

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change the tags."""
        _retag(client("ecs", place.region), made.physical_id, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Deregister the revision: it stays readable, as INACTIVE."""
        client("ecs", place.region).deregister_task_definition(taskDefinition=made.physical_id)


@resource_type("AWS::ECS::Service")
class ServiceType(ResourceType):
    """A service. Unlike AWS this does not wait for its tasks: they start when somebody runs them."""

    replaced_by = frozenset({"Cluster", "LaunchType", "ServiceName", "SchedulingStrategy", "Role"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the service; `Ref` gives its ARN."""
        ecs = client("ecs", place.region)
        named = {"ServiceName": place.name(), "DesiredCount": 1, **properties}
        service = ecs.create_service(**arguments(ecs, "CreateService", named))["service"]
        return Made(service["serviceArn"], {"Name": service["serviceName"], "ServiceArn": service["serviceArn"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change the service in place; ECS decides what that means for the tasks."""
        ecs = client("ecs", place.region)
        given = arguments(ecs, "UpdateService", {**new, "Service": made.attribute("Name")})
        ecs.update_service(**given)
        _retag(ecs, made.physical_id, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Delete the service with its tasks."""
        client("ecs", place.region).delete_service(
            cluster=properties.get("Cluster", "default"), service=made.attribute("Name"), force=True
        )
