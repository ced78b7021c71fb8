"""Rules of who does the work of a route: no task or process is idle, and each has the memory it needs."""

from __future__ import annotations

from collections.abc import Iterator

from environments.ends import TopicEnd
from environments.identifiers import region_of_arn
from environments.quantities import format_size
from environments.routes import Route
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound
from environments.streams import ProvisionedStream

PROCESS_MEMORY = 256 << 20
"""What a task needs for each process of its connector: the smallest task that Fargate has is good for two."""


def no_idle_tasks(parts: Parts) -> Iterator[Finding]:
    """A consumer group gives each partition to one member; the rest would only cost money."""
    for name, route in sound(parts.routes):
        most = _partitions(parts, route)
        if most is None:
            continue
        partitions = "one partition" if most == 1 else f"{most} partitions"
        if route.tasks.max > most:
            yield Finding(
                f"is above the {partitions} of the topic, and the rest would have no work",
                f"use at most {most}, or add partitions",
                ("routes", name, "tasks", "max"),
                str(route.tasks.max),
            )
        elif route.tasks.max * route.processes > most:
            tasks = "one task" if route.tasks.max == 1 else f"each of {route.tasks.max} tasks"
            yield Finding(
                f"in {tasks} is above the {partitions} of the topic, and the rest would have no work",
                f"use at most {most // route.tasks.max}, or add partitions",
                ("routes", name, "processes"),
                str(route.processes),
            )


def _partitions(parts: Parts, route: Route) -> int | None:
    topic = parts.topics.get(route.source.topic) if isinstance(route.source, TopicEnd) else None
    return None if topic is None else topic.partitions


def backlog_is_told(parts: Parts) -> Iterator[Finding]:
    """What waits in a topic is known from the connector's own metrics alone."""
    if parts.connectors is None or parts.connectors.metrics == "cloudwatch":
        return
    for name, route in sound(parts.routes):
        if route.tasks.backlog is not None:
            yield Finding(
                f"is not known with connectors.metrics: {parts.connectors.metrics}",
                "set connectors.metrics: cloudwatch, or remove it",
                ("routes", name, "tasks", "backlog"),
            )


def collector_can_run(parts: Parts) -> Iterator[Finding]:
    """A collector reaches the workspace through an endpoint of its own region, and is a container beside the first."""
    prometheus = parts.connectors.prometheus if parts.connectors else None
    if prometheus is None:
        return
    path = ("connectors", "prometheus")
    if parts.sandbox:
        yield Finding("cannot run in a sandbox, whose tasks have one container each", "remove it", path)
    elif parts.region is not None and region_of_arn(prometheus.workspace) != parts.region:
        yield Finding(
            f"is a workspace of another region than {parts.region}, which no VPC endpoint reaches",
            f"give a workspace of {parts.region}",
            (*path, "workspace"),
            prometheus.workspace,
        )


def autoscaler_can_run(parts: Parts) -> Iterator[Finding]:
    """There is a stream to scale, and something that keeps the schedule."""
    if parts.connectors is None or parts.connectors.autoscaler is None:
        return
    path = ("connectors", "autoscaler")
    scaled = (isinstance(each, ProvisionedStream) and each.autoscale is not None for each in parts.streams.values())
    if parts.sandbox:
        yield Finding(
            "cannot run in a sandbox, which keeps no schedules",
            "remove it, and run streamops stream reshard NAME --auto",
            path,
        )
    elif None not in parts.streams.values() and not any(scaled):
        yield Finding("has nothing to do: no stream has autoscale", "add autoscale to one, or remove it", path)


def room_for_processes(parts: Parts) -> Iterator[Finding]:
    """Processes share the memory of their task."""
    if parts.connectors is None:
        return
    most = parts.connectors.memory // PROCESS_MEMORY
    for name, route in sound(parts.routes):
        if route.processes > most:
            yield Finding(
                f"is more than connectors.memory ({format_size(parts.connectors.memory)}) has room for, "
                f"{format_size(PROCESS_MEMORY)} each",
                f"use at most {most}, or raise connectors.memory",
                ("routes", name, "processes"),
                str(route.processes),
            )
