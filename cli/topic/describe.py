"""``streamops topic describe``."""

from __future__ import annotations

import typer

from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.difference import COLUMNS as DIFFERENCE_COLUMNS
from cli.environment import declared, open_environment
from cli.errors import NotFoundError
from cli.lag import PartitionLag
from cli.options import EnvironmentName, Output, Query, TopicName
from cli.output import Answer, Column, Format, Item, print_table, show
from cli.topic.list import topic_item
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
    Column("ROUTE", "route"),
    Column("GROUP", "group"),
    Column("STATE", "state"),
    Column("MEMBERS", "members", right=True),
    Column("LAG", "lag", right=True),
)
SETTING_COLUMNS = (
    Column("SETTING", "name"),
    Column("VALUE", lambda item: readable(item["name"], item["value"])),
    Column("SOURCE", "source"),
)
FACTS = ("physical_name", "status", "partitions", "replication", "retention", "records")


def command(
    ctx: typer.Context,
    name: TopicName,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show one topic in full.

    The groups are those of this environment's routes; LAG is in records. The table shows the settings that are not
    Kafka's defaults, -o json shows all of them.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "topics", name)
    with open_cluster(opened) as cluster:
        item = _read(opened, name, cluster)
    answer.give({"status": "none", "items": [item]}, lambda: _show(item))


def _read(environment: Environment, name: str, cluster: Cluster) -> Item:
    found = read_topics(environment, cluster, name)
    live = found.topics.get(naming.topic_name(environment, name))
    if live is None:
        raise NotFoundError(
            f"topic {naming.topic_name(environment, name)} does not exist on the cluster of environment "
            f"{environment.name}",
            f"create it: streamops topic sync {name} -e {environment.name}",
        )
    groups = {route: naming.consumer_group(environment, route) for route in reading_routes(environment, name)}
    states = cluster.group_states(groups.values())
    return {
        **topic_item(environment, name, found),
        "partition_details": _partitions(live, found),
        "groups": [_group(route, group, states, found.lags(route) or []) for route, group in groups.items()],
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


def _group(route: str, group: str, states: dict[str, tuple[str, int]], lags: list[PartitionLag]) -> Item:
    state, members = states.get(group, ("Dead", 0))
    return {
        "route": route,
        "group": group,
        "state": "none yet" if state == "Dead" else state.lower(),
        "members": members,
        "lag": sum(lag.lag for lag in lags),
        "partitions": [lag.as_json() for lag in lags],
    }


def _show(item: Item) -> None:
    width = max(map(len, FACTS))
    show(f"topic {item['name']}")
    for fact in FACTS:
        value = item[fact]
        text = f"{value:,}" if isinstance(value, int) else str(value or "-")
        show(f"  {fact.replace('_', ' ').ljust(width)}  {text}")
    show()
    print_table(item["partition_details"], PARTITION_COLUMNS)
    show()
    if item["groups"]:
        print_table(item["groups"], GROUP_COLUMNS)
    else:
        show("no route of this environment reads it")
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
