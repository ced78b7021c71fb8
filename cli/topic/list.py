"""``streamops topic list``."""

from __future__ import annotations

import typer

from cli.cluster import open_cluster
from cli.difference import differing
from cli.environment import open_environment
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, Item
from cli.topic.difference import differences
from cli.topic.live import LiveTopics, read_topics
from cli.topic.settings import readable
from environments import Environment, naming

COLUMNS = (
    Column("NAME", "name"),
    Column("ON THE CLUSTER", "physical_name"),
    Column("STATUS", "status"),
    Column("PARTITIONS", "partitions", right=True),
    Column("REPLICATION", "replication", right=True),
    Column("RETENTION", "retention"),
    Column("RECORDS", "records", right=True),
    Column("DIFFERS", lambda item: differing(item.get("differences")), fold=True),
)
MISSING = "missing"


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """List the declared topics with their live state.

    RECORDS is the distance between the first and the last offset: compaction and transaction markers make the true
    number smaller. DIFFERS names what the YAML declares otherwise.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with open_cluster(opened) as cluster:
        live = read_topics(opened, cluster)
    items = [topic_item(opened, name, live) for name in opened.topics]
    answer.items(items, COLUMNS, empty=f"environment {opened.name} declares no topics")


def topic_item(environment: Environment, name: str, found: LiveTopics) -> Item:
    """A declared topic as data; with little more than its names where it does not exist."""
    physical = naming.topic_name(environment, name)
    live = found.topics.get(physical)
    if live is None:
        return {"name": name, "physical_name": physical, "status": MISSING}
    retention = live.settings.get("retention.ms")
    return {
        "name": name,
        "physical_name": physical,
        "status": live.state,
        "partitions": len(live.partitions),
        "replication": live.replication,
        "retention": readable("retention.ms", retention.value) if retention else None,
        "records": found.records(live),
        "under_replicated": list(live.under_replicated),
        "leaderless": list(live.leaderless),
        "differences": [difference.as_json() for difference in differences(name, environment.topics[name], live)],
    }
