"""A connector as it is now: service, image, deployment, lag and measures, read together.

The parts are asked at the same time; a cluster that does not answer leaves the lag unknown and hides nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli.aws import CONCURRENT_CALLS, Aws
from cli.cluster import open_cluster
from cli.connector.deployments import CONTAINER, Deployment, newest
from cli.connector.live import LiveConnector, read_connectors
from cli.connector.measures import UNKNOWN, Measures, read_measures
from cli.errors import CliError, explain
from cli.group.progress import Progress, read_progress
from cli.health import connector_health
from environments import DeliveryEnd, Environment, StreamEnd, TopicEnd, naming


@dataclass(frozen=True)
class View:
    """One connector."""

    route: str
    live: LiveConnector | None
    """None: it is not deployed."""
    image: str | None = None
    deployment: Deployment | None = None
    progress: Progress | None = None
    """Of its consumer group; None where it reads no topic, or the cluster cannot be asked."""
    measures: Measures = UNKNOWN

    def row(self, environment: Environment) -> dict[str, Any]:
        """What one line of a list tells."""
        route, live = environment.routes[self.route], self.live
        health = connector_health(live, self.progress.lags if self.progress else ())
        item: dict[str, Any] = {"name": self.route, "from": end_text(route.source), "to": end_text(route.target)}
        if live is not None:
            item |= {
                "revision": live.task_definition,
                "image": self.image,
                "running": live.running,
                "desired": live.desired,
                "pending": live.pending,
                "task_health": dict(live.task_health),
                "deployment": self.deployment and self.deployment.as_json(),
            }
        return item | {"health": health.level, "reason": health.reason}

    def full(self, environment: Environment) -> dict[str, Any]:
        """All there is to tell."""
        progress, live = self.progress, self.live
        time = progress.time if progress else None
        item = self.row(environment) | {
            "lag": progress.lag if progress else None,
            "lag_seconds": None if time is None else round(time.total_seconds(), 3),
            **self.measures.as_json(),
        }
        if live is None:
            return item
        last = live.last_stopped
        return item | {
            "tasks": [
                {
                    "id": task.id,
                    "status": task.status,
                    "health": task.health,
                    "revision": task.task_definition,
                    "started": task.started and task.started.isoformat(),
                }
                for task in live.tasks
            ],
            "last_stopped": last
            and {
                "reason": last.reason,
                "exit_code": last.exit_code,
                "stopped": last.stopped and last.stopped.isoformat(),
            },
            "events": [{"at": event.at.isoformat(), "message": event.message} for event in live.events],
        }


def read_views(
    aws: Aws, routes: Sequence[str], *, lag: bool = True, measures: bool = True
) -> tuple[list[View], list[CliError]]:
    """The connectors of these routes, and why a part of what was asked for is not known.

    Args:
        aws: where.
        routes: which, by their short names.
        lag: whether the consumer groups are read.
        measures: whether CloudWatch is asked.
    """
    _ = aws.ecs, aws.cloudwatch  # made here: boto3 sessions must not make clients in several threads
    with ThreadPoolExecutor(3) as pool:
        services = pool.submit(_read_services, aws, routes)
        progress = pool.submit(_read_lags, aws.environment, routes) if lag else None
        measured = pool.submit(read_measures, aws, routes) if measures else None
        live, images, deployments = services.result()
        errors: list[CliError] = []
        lags = _or_nothing(progress, errors)
        known = measured.result() if measured else {}
    views = [
        View(
            route,
            live[route],
            images.get(route),
            deployments.get(route),
            lags.get(route),
            known.get(route, UNKNOWN),
        )
        for route in routes
    ]
    return views, errors


def end_text(end: TopicEnd | StreamEnd | DeliveryEnd) -> str:
    """An end of a route: ``topic/orders``."""
    if isinstance(end, TopicEnd):
        return f"topic/{end.topic}"
    return f"stream/{end.stream}" if isinstance(end, StreamEnd) else f"delivery/{end.delivery}"


def deployment_text(deployment: Mapping[str, Any] | None) -> str | None:
    """Status and stage of a deployment in one cell: ``in progress (scale up)``."""
    if not deployment:
        return None
    stage = f" ({_words(deployment['stage'])})" if deployment["stage"] else ""
    return f"{_words(deployment['status'])}{stage}"


def _words(constant: str) -> str:
    return constant.lower().replace("_", " ")


Services = tuple[dict[str, LiveConnector | None], dict[str, str], dict[str, Deployment | None]]


def _read_services(aws: Aws, routes: Sequence[str]) -> Services:
    live = read_connectors(aws, routes)
    there = {route: found for route, found in live.items() if found}
    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        images = pool.map(lambda found: _image(aws, found.task_definition), there.values())
        deployments = pool.map(lambda route: newest(aws, route), there)
        named = {route: image for route, image in zip(there, images, strict=True) if image}
        return live, named, dict(zip(there, deployments, strict=True))


def _image(aws: Aws, task_definition: str) -> str | None:
    containers = aws.ecs.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    return next((c["image"] for c in containers["containerDefinitions"] if c["name"] == CONTAINER), None)


def _read_lags(environment: Environment, routes: Sequence[str]) -> dict[str, Progress]:
    groups = {
        naming.consumer_group(environment, route): route
        for route in routes
        if isinstance(environment.routes[route].source, TopicEnd)
    }
    if not groups:
        return {}
    with open_cluster(environment) as cluster:
        found = read_progress(environment, cluster, dict.fromkeys(groups))
    # Without a partition that could be read there is nothing to add up: that is unknown, not zero.
    return {groups[group]: progress for group, progress in found.items() if progress.lags}


def _or_nothing(part: Future[dict[str, Progress]] | None, errors: list[CliError]) -> dict[str, Progress]:
    try:
        return part.result() if part else {}
    except Exception as error:  # noqa: BLE001 - told beside what is known
        errors.append(explain(error) or CliError(f"unexpected {type(error).__name__}: {error}"))
        return {}
