"""What is verified: a route, and what ECS has of its connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws
from cli.cluster import Cluster
from cli.connector.deployments import CONTAINER
from cli.errors import CliError
from environments import Environment, Route, naming


@dataclass(frozen=True)
class Subject:
    """The connector of one route as it is; None for what there is not."""

    environment: Environment
    aws: Aws
    route: str
    cluster: str | None
    """Status of the ECS cluster, such as ACTIVE."""
    service: Mapping[str, Any] | None
    """As DescribeServices tells it."""
    definition: Mapping[str, Any] | None
    """The task definition of the service, as DescribeTaskDefinition tells it."""
    kafka: Cluster | CliError
    """The Kafka cluster, or why it is out of reach."""
    other_image: str | None = None
    """What the connector's container is to run instead of what its task definition says."""

    @property
    def declared(self) -> Route:
        """The route as the file declares it."""
        return self.environment.routes[self.route]

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Definitions of the task's containers, the connector's with the image that it is to run."""
        found = [dict(each) for each in (self.definition or {}).get("containerDefinitions", ())]
        for each in found:
            if each["name"] == CONTAINER and self.other_image is not None:
                each["image"] = self.other_image
        return list(found)

    @property
    def connector(self) -> Mapping[str, Any] | None:
        """Definition of the container that moves records."""
        return next((each for each in self.containers if each["name"] == CONTAINER), None)

    @property
    def deploy(self) -> str:
        """The command that makes what is missing."""
        return f"deploy it: npx cdk deploy '{self.environment.name}/connectors'"


def read_subject(aws: Aws, route: str, kafka: Cluster | CliError, *, image: str | None = None) -> Subject:
    """Ask ECS for the connector of a route; ``image`` is what it is to run instead of what it runs."""
    cluster = naming.ecs_cluster_name(aws.environment)
    there = aws.ecs.describe_clusters(clusters=[cluster])["clusters"]
    service = _service(aws, cluster, route) if there else None
    definition = _definition(aws, service["taskDefinition"]) if service else None
    status = there[0]["status"] if there else None
    return Subject(aws.environment, aws, route, status, service, definition, kafka, image)


def _service(aws: Aws, cluster: str, route: str) -> Mapping[str, Any] | None:
    try:
        name = naming.ecs_service_name(aws.environment, route)
        found = aws.ecs.describe_services(cluster=cluster, services=[name])["services"]
    except aws.ecs.exceptions.ClusterNotFoundException:  # DescribeClusters goes on telling of deleted ones for a while
        return None
    return next((each for each in found if each["status"] != "INACTIVE"), None)


def _definition(aws: Aws, arn: str) -> Mapping[str, Any] | None:
    try:
        return aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    except ClientError as error:
        if "Unable to describe task definition" in error.response.get("Error", {}).get("Message", ""):
            return None
        raise
