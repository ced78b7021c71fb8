"""Cluster, service, task definition and log group: what ECS has to have before a task can start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.subject import Subject
from environments import naming

DEFAULT_STOP_SECONDS = 30
"""Of a container that names none: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
AFTER_THE_DRAIN_SECONDS = 10
"""What a connector takes after its drain for brokers that do not answer, before it ends by itself."""


def service_checks(subject: Subject) -> Iterator[Check]:
    """What ECS has of the connector."""
    cluster, name = (
        naming.ecs_cluster_name(subject.environment),
        naming.ecs_service_name(subject.environment, subject.route),
    )
    if subject.cluster == "ACTIVE":
        yield ok("cluster", f"{cluster} is ACTIVE")
    else:
        yield failed("cluster", f"{cluster} {_is(subject.cluster)}", subject.deploy)
    found = subject.service
    if found is not None and found["status"] == "ACTIVE":
        yield ok("service", f"{name} is ACTIVE, {found['runningCount']} of {found['desiredCount']} tasks run")
    else:
        yield failed("service", f"{name} {_is(found['status'] if found else None)}", subject.deploy)
    definition = subject.definition
    if definition is not None and definition["status"] == "ACTIVE":
        yield ok("task-definition", f"{definition['family']}:{definition['revision']} is ACTIVE")
    elif definition is not None:
        yield failed(
            "task-definition",
            f"{definition['family']}:{definition['revision']} is {definition['status']}: no service is updated with it",
            subject.deploy,
        )
    else:
        missing = str(found["taskDefinition"]).rpartition("/")[2] if found else f"of {name}"
        yield failed("task-definition", f"{missing} is not there", subject.deploy)


def _is(status: str | None) -> str:
    return f"is {status}" if status else "does not exist"


def log_groups(subject: Subject) -> Iterator[Check]:
    """Where the containers write: a group that is missing lets no task start (awslogs makes none by itself)."""
    if not subject.containers:
        yield unknown("log-group", "there is no task definition that names one", subject.deploy)
    wanted: dict[str, bool] = {}
    for container in subject.containers:
        log: Any = container.get("logConfiguration") or {}
        if log.get("logDriver") == "awslogs":
            options = log.get("options", {})
            wanted[options.get("awslogs-group", "")] = options.get("awslogs-create-group") == "true"
        else:
            yield unknown("log-group", f"container {container['name']} does not write to CloudWatch Logs")
    for group, made in wanted.items():
        pages = subject.aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
        if any(each["logGroupName"] == group for page in pages for each in page["logGroups"]):
            yield ok("log-group", group)
        elif made:
            yield ok("log-group", f"{group} is made when a task starts")
        else:
            yield failed("log-group", f"{group} does not exist: no task would start", subject.deploy)


def stop_timeout(subject: Subject) -> Iterator[Check]:
    """Whether ECS waits longer for a task that stops than its drain may take; killed, it leaves duplicates."""
    from cli.connector.checks.configuration import running_configuration

    container = subject.connector
    if container is None:
        yield unknown("stop-timeout", "there is no task definition that says it", subject.deploy)
        return
    drain = running_configuration(subject).stop_timeout.total_seconds() + AFTER_THE_DRAIN_SECONDS
    waits = container.get("stopTimeout") or DEFAULT_STOP_SECONDS
    said = f"ECS waits {waits:g} s for a task that stops, which drains for {drain:g} s at most"
    if waits > drain:
        yield ok("stop-timeout", said)
    else:
        yield failed(
            "stop-timeout",
            f"{said}: what it has sent and not committed would be sent twice",
            f"let ECS wait longer than {drain:g} s (120 s at most on Fargate): {subject.deploy}",
        )
