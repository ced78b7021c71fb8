"""``streamops topic list``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from cli.cluster import Cluster, open_cluster
from cli.difference import differing
from cli.environment import open_environment
from cli.measured import size_text
from cli.options import EnvironmentName, Output, Query, duration_of
from cli.output import Answer, Column, Format, Item
from cli.topic.difference import differences
from cli.topic.footprint import read_footprints, read_rates
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
    Column("ON DISK", lambda item: size_text(item.get("bytes_on_disk")), right=True),
    Column("DIFFERS", lambda item: differing(item.get("differences")), fold=True),
)
RATE_COLUMNS = (
    Column("RECORDS/S", lambda item: rate_text(item.get("records_per_second")), right=True),
    Column("BYTES/S", lambda item: size_text(item.get("bytes_per_second")), right=True),
)
MISSING = "missing"

RatesOver = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Look twice with so long in between, for records and bytes a second."),
]


def command(
    ctx: typer.Context,
    environment: EnvironmentName = None,
    *,
    rates: RatesOver = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """List the declared topics with their live state.

    RECORDS is the distance between the first and the last offset: compaction and transaction markers make the true
    number smaller. ON DISK counts all replicas. DIFFERS names what the YAML declares otherwise.
    """
    window = duration_of("--rates", rates) if rates else None
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with open_cluster(opened) as cluster:
        live = read_topics(opened, cluster)
        measured = read_measured(cluster, live, window)
    items = [{**topic_item(opened, name, live), **measured(naming.topic_name(opened, name))} for name in opened.topics]
    columns = (*COLUMNS[:-1], *(RATE_COLUMNS if window else ()), COLUMNS[-1])
    answer.items(items, columns, empty=f"environment {opened.name} declares no topics")


def read_measured(cluster: Cluster, live: LiveTopics, window: timedelta | None) -> Callable[[str], Item]:
    """What is measured of topics, as data by their names on the cluster."""
    topics = list(live.topics.values())
    rates = read_rates(cluster, topics, window) if window else {}
    sizes = read_footprints(cluster, topics)

    def item(topic: str) -> Item:
        if topic not in live.topics:
            return {}
        size, rate = sizes.get(topic), rates.get(topic)
        return {
            "bytes_on_disk": size.total if size else None,
            "records_per_second": round(rate.records, 3) if rate else None,
            "bytes_per_second": None if rate is None or rate.bytes is None else round(rate.bytes, 1),
        }

    return item


def rate_text(rate: float | None) -> str | None:
    """Records a second."""
    return None if rate is None else f"{rate:,.1f}"


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
