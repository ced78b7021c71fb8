"""What refers to the revisions of a connector's task definition now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws
from cli.connector.deployments import recent
from cli.connector.revisions import References
from cli.connector.rollout.rollback import goes_back_to
from cli.connector.rollout.service import describe_service
from environments import naming

SERVICES_PER_CALL = 10
"""DescribeServices takes no more."""
TASKS_PER_CALL = 100
STACK = "connectors"


def read_references(aws: Aws, route: str) -> References:
    """Read what refers to revisions: services and tasks of the whole cluster, deployments, CloudFormation.

    Raises:
        NotFoundError: the connector is not deployed.
    """
    deployments = recent(aws, route)
    back_to = goes_back_to(aws, deployments, describe_service(aws, route)["taskDefinition"])
    return References(
        services=tuple(_of_services(aws)),
        tasks=tuple(_of_tasks(aws, naming.task_family(aws.environment, route))),
        deployments=deployments,
        rollback=() if back_to is None else (back_to,),
        cloudformation=tuple(_of_stack(aws)),
    )


def _of_services(aws: Aws) -> Iterator[str]:
    """Task definitions of all services of the cluster, with those of deployments and task sets that still drain."""
    ecs, cluster = aws.ecs, naming.ecs_cluster_name(aws.environment)
    arns = [arn for page in ecs.get_paginator("list_services").paginate(cluster=cluster) for arn in page["serviceArns"]]
    for first in range(0, len(arns), SERVICES_PER_CALL):
        for service in ecs.describe_services(cluster=cluster, services=arns[first : first + SERVICES_PER_CALL])[
            "services"
        ]:
            if service["status"] == "INACTIVE":
                continue
            parts: list[Any] = [service, *service.get("deployments", ()), *service.get("taskSets", ())]
            yield from (part["taskDefinition"] for part in parts if part.get("taskDefinition"))


def _of_tasks(aws: Aws, family: str) -> Iterator[str]:
    """Task definitions of the tasks that run, those that belong to no service too."""
    ecs, cluster = aws.ecs, naming.ecs_cluster_name(aws.environment)
    pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, family=family)
    arns = [arn for page in pages for arn in page["taskArns"]]
    for first in range(0, len(arns), TASKS_PER_CALL):
        for task in ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + TASKS_PER_CALL])["tasks"]:
            yield task["taskDefinitionArn"]


def _of_stack(aws: Aws) -> Iterator[str]:
    """Task definitions that are resources of the environment's stack of connectors; none without such a stack."""
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=naming.stack_name(aws.environment, STACK)
    )
    try:
        for page in pages:
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == "AWS::ECS::TaskDefinition" and resource.get("PhysicalResourceId"):
                    yield resource["PhysicalResourceId"]
    except ClientError as error:
        missing = error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error)
        if not missing:
            raise
