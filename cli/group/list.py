"""``streamops group list``."""

from __future__ import annotations

import typer

from cli.cluster import Cluster, open_cluster
from cli.environment import open_environment
from cli.group.members import WITHOUT_OFFSETS, Described, describe_groups
from cli.group.names import routes_by_group
from cli.group.progress import Progress, read_progress
from cli.measured import time_text
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, Item
from environments import Environment

COLUMNS = (
    Column("GROUP", "group"),
    Column("ROUTE", "route"),
    Column("STATE", "state"),
    Column("TYPE", "type"),
    Column("MEMBERS", "members", right=True),
    Column("TOPICS", lambda item: ", ".join(item["topics"]), fold=True),
    Column("LAG", "lag", right=True),
    Column("BEHIND", lambda item: time_text(item["lag_seconds"]), right=True),
)
NONE_YET = "none yet"


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """List the consumer groups of the cluster, those of this environment's routes first.

    LAG is in records, BEHIND the age of the next record that the group reads in the partition where that is oldest.
    Groups whose offsets have expired, or that keep them elsewhere, cannot be seen.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with open_cluster(opened) as cluster:
        items = _read(opened, cluster)
    answer.items(items, COLUMNS, empty="there are no consumer groups")


def _read(environment: Environment, cluster: Cluster) -> list[Item]:
    routes = routes_by_group(environment)
    described = describe_groups(cluster, cluster.groups())
    shared = {name for name, group in described.items() if group.group.type in WITHOUT_OFFSETS}
    groups: dict[str, Described | None] = {**dict.fromkeys(routes), **described}
    progress = read_progress(environment, cluster, {name: groups[name] for name in groups if name not in shared})
    return [group_item(name, routes.get(name), groups[name], progress.get(name)) for name in groups]


def group_item(name: str, route: str | None, described: Described | None, progress: Progress | None) -> Item:
    """A group as data, without its partitions; ``progress`` is None for one that commits no offsets."""
    time = progress.time if progress else None
    return {
        "group": name,
        "route": route,
        "state": described.group.state.lower() if described else NONE_YET,
        "type": described.group.type if described else None,
        "members": len(described.members) if described else 0,
        "topics": sorted({*(progress.topics if progress else ()), *(described.topics if described else ())}),
        "lag": progress.lag if progress else None,
        "lag_seconds": None if time is None else round(time.total_seconds(), 3),
    }
