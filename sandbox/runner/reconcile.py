"""Which tasks of a service to start and which to stop: the rolling-update rule of ECS, without any I/O.

A service never runs more than ``maximumPercent`` of its desired count and, while tasks of the new definition come
up, keeps at least ``minimumHealthyPercent`` of it healthy.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DesiredService:
    """What ECS says about a service."""

    name: str
    deployment: str
    """Id of the deployment that all tasks should belong to in the end."""
    task_definition: str
    desired: int
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200


@dataclass(frozen=True)
class ObservedTask:
    """What the runner sees of a task that has not been told to stop."""

    id: str
    deployment: str
    healthy: bool


@dataclass(frozen=True)
class Changes:
    """How many tasks of the service's deployment to start, and which ones to stop."""

    start: int = 0
    stop: tuple[str, ...] = ()


def reconcile(service: DesiredService, tasks: Sequence[ObservedTask]) -> Changes:
    """One step towards the desired state; called again until there is nothing left to change.

    Bounds that leave no room (a minimum as high as the maximum) keep the old tasks for ever, as in ECS.
    """
    current = [task for task in tasks if task.deployment == service.deployment]
    outdated = [task for task in tasks if task.deployment != service.deployment]
    current.sort(key=lambda task: not task.healthy)
    surplus = current[service.desired :]
    most = math.floor(service.desired * service.maximum_percent / 100)
    least = math.ceil(service.desired * service.minimum_healthy_percent / 100)
    start = max(0, min(service.desired - len(current), most - len(tasks)))
    healthy = sum(task.healthy for task in tasks) - sum(task.healthy for task in surplus)
    stop = [task.id for task in surplus]
    # Unhealthy tasks of an old deployment carry nothing, so they go first and free.
    for task in sorted(outdated, key=lambda task: task.healthy):
        if not task.healthy or healthy > least:
            stop.append(task.id)
            healthy -= task.healthy
    return Changes(start, tuple(stop))
