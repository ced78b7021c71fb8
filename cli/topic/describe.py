"""``streamops topic describe``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import typer

from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.difference import COLUMNS as DIFFERENCE_COLUMNS
from cli.environment import declared, open_environment
from cli.errors import NotFoundError
from cli.group.list import group_item
from cli.group.members import WITHOUT_OFFSETS, describe_groups
from cli.group.progress import read_progress
from cli.measured import size_text, time_text
from cli.options import EnvironmentName, Output, Query, TopicName, duration_of
from cli.output import Answer, Column, Format, Item, print_table, show
from cli.topic.list import RatesOver, rate_text, read_measured, topic_item
from cli.topic.live import LiveTopics, read_topics, reading_routes
from cli.topic.settings import readable
from environments import Environment, naming

PARTITION_COLUMNS = (
    Column("PARTITION", "partition", right=True),
    Column("LEADER", "leader"),
    Column("REPLICAS", lambda item: ",".join(map(str, item["replicas"]))),
    Column("IN SYNC", lambda item: ",".join(map(str, item["in_sync"]))),
    Column("BEGIN", "begin", right=True),
    Column("END", "end", right=True),
)
GROUP_COLUMNS = (
    Column("GROUP", "group"),
    Column("ROUTE", "route"),
    Column("STATE", "state"),
    Column("MEMBERS", "members", right=True),
    Column("LAG", "lag", right=True),
    Column("BEHIND", lambda item: time_text(item["lag_seconds"]), right=True),
)
SETTING_COLUMNS = (
    Column("SETTING", "name"),
    Column("VALUE", lambda item: readable(item["name"], item["value"])),
    Column("SOURCE", "source"),
)
FACTS: dict[str, Callable[[Item], object]] = {
    "physical name": lambda item: item["physical_name"],
    "status": lambda item: item["status"],
    "partitions": lambda item: item["partitions"],
    "replication": lambda item: item["replication"],
    "retention": lambda item: item["retention"],
    "records": lambda item: item["records"],
    "on disk": lambda item: size_text(item["bytes_on_disk"]),
    "records/s": lambda item: rate_text(item["records_per_second"]),
    "bytes/s": lambda item: size_text(item["bytes_per_second"]),
}


def command(
    ctx: typer.Context,
    name: TopicName,
    environment: EnvironmentName = None,
    *,
    rates: RatesOver = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show one topic in full.

    The groups are all that have committed offsets in it or are assigned partitions of it, those of the routes first.
    LAG is in records, BEHIND the age of the next one. The table shows the settings that are not Kafka's defaults, -o
    json shows all of them.
    """
    window = duration_of("--rates", rates) if rates else None
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "topics", name)
    with open_cluster(opened) as cluster:
        item = _read(opened, name, cluster, window)
    answer.give({"status": "none", "items": [item]}, lambda: _show(item))


def _read(environment: Environment, name: str, cluster: Cluster, window: timedelta | None) -> Item:
    found = read_topics(environment, cluster, name)
    live = found.topics.get(naming.topic_name(environment, name))
    if live is None:
        raise NotFoundError(
            f"topic {naming.topic_name(environment, name)} does not exist on the cluster of environment "
            f"{environment.name}",
            f"create it: streamops topic sync {name} -e {environment.name}",
        )
    return {
        **topic_item(environment, name, found),
        **read_measured(cluster, found, window)(live.name),
        "partition_details": _partitions(live, found),
        "groups": _groups(environment, name, live.name, cluster),
        "settings": [
            {"name": setting.name, "value": setting.value, "source": setting.source}
            for setting in live.settings.values()
        ],
    }


def _partitions(live: LiveTopic, found: LiveTopics) -> list[Item]:
    return [
        {
            "partition": partition.index,
            "leader": partition.leader,
            "replicas": list(partition.replicas),
            "in_sync": list(partition.in_sync),
            "begin": found.begin.get((live.name, partition.index)),
            "end": found.end.get((live.name, partition.index)),
        }
        for partition in live.partitions
    ]


def _groups(environment: Environment, name: str, topic: str, cluster: Cluster) -> list[Item]:
    """All groups that read the topic, those of the routes first."""
    routes = {naming.consumer_group(environment, route): route for route in reading_routes(environment, name)}
    described = describe_groups(cluster, [group for group in cluster.groups() if group.type not in WITHOUT_OFFSETS])
    committed = cluster.committed(described)
    reading = {
        group
        for group, found in described.items()
        if topic in found.topics or any(place[0] == topic for place in committed.get(group, ()))
    }
    chosen = {group: described.get(group) for group in (*routes, *sorted(reading - routes.keys()))}
    progress = read_progress(environment, cluster, chosen, only=topic)
    return [
        {
            **group_item(group, routes.get(group), chosen[group], progress[group]),
            "partitions": [lag.as_json() for lag in progress[group].lags],
        }
        for group in chosen
    ]


def _show(item: Item) -> None:
    width = max(map(len, FACTS))
    show(f"topic {item['name']}")
    for fact, read in FACTS.items():
        value = read(item)
        if value is None and fact.endswith("/s"):  # measured only where it was asked for
            continue
        text = f"{value:,}" if isinstance(value, int) else str(value or "-")
        show(f"  {fact.ljust(width)}  {text}")
    show()
    print_table(item["partition_details"], PARTITION_COLUMNS)
    show()
    if item["groups"]:
        print_table(item["groups"], GROUP_COLUMNS)
    else:
        show("no known group reads it")
    changed = [setting for setting in item["settings"] if setting["source"] != "default-config"]
    if changed:
        show()
        print_table(changed, SETTING_COLUMNS)
    show()
    if item["differences"]:
        show("Differs from the YAML:")
        print_table(item["differences"], DIFFERENCE_COLUMNS)
    else:
        show("as declared")
