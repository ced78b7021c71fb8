"""Stopping the tasks of a route without losing its place, and starting them again: what both need to know.

What it was like before stands in tags of the ECS service, so that nothing on this machine is needed to go on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cli.aws import Aws
from cli.cluster import Cluster, Place, open_cluster
from cli.connector.rollout.autoscaling import ACTIVITIES, ScalableTarget
from cli.errors import IncompleteError
from cli.interruption import pause
from cli.output import note
from environments import Environment, naming

PAUSED_TASKS = "streamops:paused-tasks"
"""Tag: how many tasks there were."""
PAUSED_SCALING = "streamops:paused-scaling"
"""Tag: which activities were suspended already, by their first letters in the order of ``ACTIVITIES``."""
PAUSED_SINCE = "streamops:paused-since"
"""Tag: when the offsets had been saved; missing while it still drains."""
TAGS = (PAUSED_TASKS, PAUSED_SCALING, PAUSED_SINCE)

POLL_SECONDS = 2.0
"""Between two looks at the members of the group."""
RETENTION = "offsets.retention.minutes"
"""How long brokers keep the offsets of a group that is empty (KIP-211); seven days by default."""


def scaling_tag(target: ScalableTarget | None) -> str:
    """What was suspended, in the characters that a tag may have: ``none``, or such as ``0-1-0``."""
    if target is None:
        return "none"
    return "-".join("1" if target.suspended.get(activity) else "0" for activity in ACTIVITIES)


def suspended_of(tag: str) -> dict[str, bool] | None:
    """The inverse of ``scaling_tag``; None where nothing scales."""
    if tag == "none":
        return None
    return dict(zip(ACTIVITIES, (part == "1" for part in tag.split("-")), strict=True))


@dataclass(frozen=True)
class Offsets:
    """What the group of a route has committed, and how long that is kept."""

    cluster_id: str
    committed: dict[Place, int]
    retention: timedelta | None
    """None where the brokers do not tell."""


def read_offsets(environment: Environment, route: str) -> Offsets:
    """Read it from the cluster; see ``open_cluster`` for what it raises."""
    group = naming.consumer_group(environment, route)
    with open_cluster(environment) as cluster:
        return Offsets(cluster.cluster_id(), cluster.committed([group]).get(group, {}), _retention(cluster))


def _retention(cluster: Cluster) -> timedelta | None:
    """The shortest of all brokers: any of them may coordinate the group."""
    brokers = [broker.id for broker in cluster.brokers() if not broker.fenced]
    settings = [each[RETENTION].value for each in cluster.broker_settings(brokers).values() if RETENTION in each]
    minutes = [int(value) for value in settings if value]
    return timedelta(minutes=min(minutes)) if minutes else None


def until_left(environment: Environment, route: str, timeout: timedelta) -> None:
    """Wait until the group has no members: a task that drains counts as running no more, and commits to the last.

    Raises:
        IncompleteError: it has some after ``timeout``.
    """
    group, end, told = naming.consumer_group(environment, route), time.monotonic() + timeout.total_seconds(), False
    while True:
        with open_cluster(environment) as cluster:
            state = next((each.state for each in cluster.groups() if each.name == group), "Dead")
        if state.lower() in ("empty", "dead"):
            return
        if time.monotonic() > end:
            raise IncompleteError(
                f"no task runs, and group {group} has members after {timeout.total_seconds():.0f}s ({state})",
                f"who they are: streamops group describe {group} -e {environment.name}",
            )
        if not told:
            note(f"waiting until the last members have left {group}")
            told = True
        pause(POLL_SECONDS)


def forgotten_at(retention: timedelta | None, empty_since: datetime) -> str:
    """When the broker forgets where the group was, for people."""
    if retention is None:
        return f"the brokers do not tell how long they keep it ({RETENTION})"
    minutes = retention // timedelta(minutes=1)
    return f"the brokers forget it at {empty_since + retention:%Y-%m-%d %H:%M} UTC ({RETENTION}={minutes})"


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def set_tags(aws: Aws, arn: str, **tags: str) -> None:
    """Set tags of the service."""
    aws.ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()])


def remove_tags(aws: Aws, arn: str) -> None:
    """Remove all that a pause has set."""
    aws.ecs.untag_resource(resourceArn=arn, tagKeys=list(TAGS))
