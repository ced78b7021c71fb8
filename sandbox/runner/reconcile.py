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
    task_definition: str
    desired: int
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200


@dataclass(frozen=True)
class ObservedTask:
    """What the runner sees of a task that has not been told to stop."""

    id: str
    task_definition: str
    healthy: bool


@dataclass(frozen=True)
class Changes:
    """How many tasks of the service's definition to start, and which ones to stop."""

    start: int = 0
    stop: tuple[str, ...] = ()


def reconcile(service: DesiredService, tasks: Sequence[ObservedTask]) -> Changes:
    """One step towards the desired state; called again until there is nothing left to change."""
    current = [task for task in tasks if task.task_definition == service.task_definition]
    outdated = [task for task in tasks if task.task_definition != service.task_definition]
    surplus = current[service.desired :]
    most = max(math.floor(service.desired * service.maximum_percent / 100), min(service.desired, 1))
    least = math.ceil(service.desired * service.minimum_healthy_percent / 100)
    start = max(0, min(service.desired - len(current), most - len(tasks)))
    healthy = sum(task.healthy for task in tasks) - sum(task.healthy for task in surplus)
    stop = [task.id for task in surplus]
    # Unhealthy tasks of the old definition carry nothing, so they go first and free.
    for task in sorted(outdated, key=lambda task: task.healthy):
        if not task.healthy or healthy > least:
            stop.append(task.id)
            healthy -= task.healthy
    if outdated and not stop and not start and len(current) < service.desired:
        # minimum and maximum leave no room at all (100 % and 100 %): stop first rather than never.
        stop.append(outdated[0].id)
    return Changes(start, tuple(stop))
