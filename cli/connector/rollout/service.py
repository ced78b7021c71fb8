"""The ECS service of a route as a rollout finds it, and the calls that change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.aws import Aws
from cli.connector.deployments import Deployment, newest, not_deployed
from cli.connector.rollout.task_definition import TAKEN, config_sha256, container_of, tags_to_keep
from cli.errors import StalePlanError
from environments import Environment, naming


@dataclass(frozen=True)
class LiveService:
    """What runs, and how it is replaced."""

    arn: str
    desired: int
    running: int
    pending: int
    definition: Mapping[str, Any]
    """The task definition, as ECS describes it."""
    definition_tags: Mapping[str, str]
    configuration: Mapping[str, Any]
    """``deploymentConfiguration``."""
    deployment: Deployment | None
    """The newest one; None where ECS remembers none."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def task_definition(self) -> str:
        """ARN of the task definition."""
        return str(self.definition["taskDefinitionArn"])

    @property
    def task(self) -> str:
        """Family and revision."""
        return self.task_definition.rpartition("/")[2]

    @property
    def image(self) -> str:
        """Of the connector's container."""
        return str(container_of(self.definition)["image"])

    @property
    def config_sha256(self) -> str | None:
        """The hash of the configuration that its tasks are meant to have."""
        return config_sha256(self.definition)

    @property
    def limits(self) -> tuple[int, int]:
        """Minimum healthy and maximum percent."""
        return self.configuration.get("minimumHealthyPercent", 100), self.configuration.get("maximumPercent", 200)

    @property
    def rolling(self) -> Deployment | None:
        """The deployment that is under way."""
        return self.deployment if self.deployment and not self.deployment.terminal else None

    def state(self) -> list[object]:
        """What of it a plan depends on."""
        return [self.arn, self.task_definition, self.deployment and self.deployment.arn, self.limits, self.desired > 0]


def read_service(aws: Aws, route: str) -> LiveService:
    """Read the service of a route with its task definition and newest deployment.

    Raises:
        NotFoundError: it is not deployed.
    """
    described = describe_service(aws, route)
    definition, tags = read_definition(aws, described["taskDefinition"])
    return LiveService(
        arn=described["serviceArn"],
        desired=described["desiredCount"],
        running=described["runningCount"],
        pending=described["pendingCount"],
        definition=definition,
        definition_tags=tags,
        configuration=described.get("deploymentConfiguration") or {},
        deployment=newest(aws, route),
        tags={tag["key"]: tag["value"] for tag in described.get("tags", ())},
    )


def describe_service(aws: Aws, route: str) -> Mapping[str, Any]:
    """The answer of DescribeServices for a route.

    Raises:
        NotFoundError: it is not deployed.
    """
    ecs = aws.ecs
    try:
        found = ecs.describe_services(**_name(aws, route, "services"), include=["TAGS"])["services"]
    except ecs.exceptions.ClusterNotFoundException as error:
        raise not_deployed(aws, route) from error
    alive = [each for each in found if each["status"] != "INACTIVE"]
    if not alive:
        raise not_deployed(aws, route)
    service: Mapping[str, Any] = alive[0]
    return service


def check_unchanged(environment: Environment, route: str, planned: str, now: str) -> None:
    """Make sure that a service is still what a plan was made for: somebody may have deployed while it was read.

    Raises:
        StalePlanError: it is not.
    """
    if now != planned:
        raise StalePlanError(
            f"connector {route} was changed by somebody else meanwhile; the service was not touched",
            f"look at it: streamops connector status {route} -e {environment.name}",
        )


def read_definition(aws: Aws, arn: str) -> tuple[Mapping[str, Any], dict[str, str]]:
    """A task definition and its tags."""
    answer: Any = aws.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return answer["taskDefinition"], {tag["key"]: tag["value"] for tag in answer.get("tags", ())}


def register(aws: Aws, request: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Register a revision; its ARN. Tags of AWS's own are left out, since nobody may set them."""
    kept = tags_to_keep(tags)
    ecs: Any = aws.ecs
    named = {"tags": [{"key": key, "value": value} for key, value in kept.items()]} if kept else {}
    return str(ecs.register_task_definition(**request, **named)["taskDefinition"]["taskDefinitionArn"])


def usable(aws: Aws, task_definition: str) -> str:
    """ARN of a revision that a service takes: the given one, or a copy of it where it was deregistered.

    CloudFormation deregisters the revision that it replaces, and UpdateService refuses one that is INACTIVE.
    """
    definition, tags = read_definition(aws, task_definition)
    if definition.get("status") != "INACTIVE":
        return str(definition["taskDefinitionArn"])
    return register(aws, {key: definition[key] for key in TAKEN if definition.get(key) not in (None, [], "")}, tags)


def update_service(aws: Aws, route: str, **changes: Any) -> str | None:  # noqa: ANN401 - as UpdateService takes them
    """Change the service; ARN of the deployment that it says it has now."""
    ecs: Any = aws.ecs
    answer = ecs.update_service(**_name(aws, route, "service"), **changes)["service"]
    arn: str | None = answer.get("currentServiceDeployment")
    return arn


def tag_definition(aws: Aws, arn: str, **tags: str) -> None:
    """Set tags on a task definition."""
    aws.ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()])


def with_limits(configuration: Mapping[str, Any], limits: tuple[int, int]) -> dict[str, Any]:
    """The deployment configuration with other limits; the rest of it is kept."""
    return {**configuration, "minimumHealthyPercent": limits[0], "maximumPercent": limits[1]}


def _name(aws: Aws, route: str, parameter: str) -> Any:  # noqa: ANN401 - arguments of a call
    name = naming.ecs_service_name(aws.environment, route)
    return {
        "cluster": naming.ecs_cluster_name(aws.environment),
        parameter: [name] if parameter == "services" else name,
    }
