"""What a group is called: by its id on the cluster, or by the route that reads in it."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from cli.errors import NotFoundError
from environments import Environment, TopicEnd, naming


def routes_by_group(environment: Environment) -> dict[str, str]:
    """The routes that read topics, by the id of their groups."""
    return {
        naming.consumer_group(environment, name): name
        for name, route in environment.routes.items()
        if isinstance(route.source, TopicEnd)
    }


def group_id(environment: Environment, name: str) -> str:
    """The id of the group that ``name`` means: that of a route, or ``name`` itself."""
    ids = {route: group for group, route in routes_by_group(environment).items()}
    return ids.get(name, name)


def missing(environment: Environment, name: str, known: Collection[str]) -> NotFoundError:
    """The error for a group that the cluster does not have."""
    group = group_id(environment, name)
    route = routes_by_group(environment).get(group)
    if route:
        return NotFoundError(
            f"group {group} of route {route} does not exist on the cluster of environment {environment.name}",
            "its connector has committed nothing yet, or Kafka has forgotten it (offsets.retention.minutes)",
        )
    close = get_close_matches(group, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return NotFoundError(
        f"group {group} does not exist on the cluster of environment {environment.name}",
        f"{guess}see: streamops group list -e {environment.name}",
    )
