"""The revisions of a connector's task definition, and what still refers to each. No I/O but in ``read_task_revisions``.

A revision that is deregistered cannot start a task any more: neither the next one of a service that it belongs to, nor
one of a rollback. fabfuel/ecs-deploy deregistered the live one after a rollback (#185); here nothing goes that anything
refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cli.aws import Aws
from cli.call_rate import CallRate
from cli.connector.deployments import CONTAINER, Deployment
from environments import naming

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskDefinitionTypeDef

DESCRIBED_PER_SECOND = 20
"""Of DescribeTaskDefinition, in an account and region.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""
READERS = 5


@dataclass(frozen=True)
class TaskRevision:
    """One registered revision of a task definition."""

    arn: str
    image: str | None
    """Of the connector's container."""
    registered: datetime | None
    registered_by: str | None
    """ARN of who registered it."""

    @property
    def name(self) -> str:
        """Family and revision."""
        return self.arn.rpartition("/")[2]

    @property
    def number(self) -> int:
        """The revision."""
        return int(self.arn.rpartition(":")[2])


@dataclass(frozen=True)
class References:
    """What refers to revisions, each by the ARNs of task definitions."""

    services: Iterable[str] = ()
    """What services of the cluster run, or are on their way from."""
    tasks: Iterable[str] = ()
    """What tasks that are running were started from."""
    deployments: Sequence[Deployment] = ()
    """Of the connector, the newest first."""
    rollback: Iterable[str] = ()
    """What ``connector rollback`` would go to: ECS does not know which deployments failed at the lag gate."""
    cloudformation: Iterable[str] = ()
    """What the stack has made last: its next deploy deregisters them itself, and until then goes back to them."""


def reasons(references: References) -> dict[str, list[str]]:
    """Why a revision has to stay, by the ARN of its task definition."""
    found: dict[str, list[str]] = {}

    def stays(arns: Iterable[str], why: str) -> None:
        for arn in arns:
            told = found.setdefault(arn, [])
            if why not in told:
                told.append(why)

    stays(references.services, "live")
    stays(references.tasks, "running task")
    for deployment in references.deployments:
        if not deployment.terminal:
            stays(_ends(deployment), "deployment under way")
    good = _good_ends(references.deployments)
    stays(good[:1], "last successful")
    stays([*good[1:2], *_ends(*references.deployments[:1], source_alone=True)], "can be rolled back to")
    stays(references.rollback, "can be rolled back to")
    stays(references.cloudformation, "made by CloudFormation")
    return found


def to_prune(revisions: Sequence[TaskRevision], kept: Mapping[str, object], keep: int) -> list[TaskRevision]:
    """The revisions that nothing refers to, without the newest ``keep`` of all, the oldest first."""
    newest = sorted(revisions, key=lambda revision: revision.number, reverse=True)
    return [revision for revision in reversed(newest[keep:]) if revision.arn not in kept]


def read_task_revisions(aws: Aws, route: str, *, limit: int | None = None) -> list[TaskRevision]:
    """The registered revisions of a route's task definition, the newest first; at most ``limit``."""
    family = naming.task_family(aws.environment, route)
    pages = aws.ecs.get_paginator("list_task_definitions").paginate(familyPrefix=family, status="ACTIVE", sort="DESC")
    arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
    newest = sorted(arns, key=lambda arn: int(arn.rpartition(":")[2]), reverse=True)[:limit]
    rate = CallRate(DESCRIBED_PER_SECOND, burst=READERS)

    def read(arn: str) -> TaskRevision:
        rate.wait()
        return _revision(aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"])

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(read, newest))


def _good_ends(deployments: Sequence[Deployment]) -> list[str]:
    """What deployments have left running, the last one first, each once.

    Also what a rollback went back to: that is what runs since.
    """
    found: dict[str, None] = {}
    for deployment in deployments:
        if deployment.status == "SUCCESSFUL" and deployment.target:
            found.setdefault(deployment.target.task_definition)
        elif deployment.status == "ROLLBACK_SUCCESSFUL" and deployment.source:
            found.setdefault(deployment.source.task_definition)
    return list(found)


def _ends(*deployments: Deployment, source_alone: bool = False) -> list[str]:
    revisions = [
        revision
        for deployment in deployments
        for revision in (deployment.source, None if source_alone else deployment.target)
    ]
    return [revision.task_definition for revision in revisions if revision is not None]


def _revision(definition: TaskDefinitionTypeDef) -> TaskRevision:
    images = {each["name"]: each["image"] for each in definition["containerDefinitions"]}
    return TaskRevision(
        arn=definition["taskDefinitionArn"],
        image=images.get(CONTAINER),
        registered=definition.get("registeredAt"),
        registered_by=definition.get("registeredBy"),
    )
