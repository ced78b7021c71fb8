"""``streamops stream list``."""

from __future__ import annotations

import typer

from cli.aws import Aws
from cli.difference import differing
from cli.environment import open_environment
from cli.errors import CliError, explain
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, Item
from cli.stream.difference import differences
from cli.stream.live import LiveStream, read_streams
from cli.stream.throughput import read_throughputs, share_told, throughput_item
from environments import Environment, naming
from environments.quantities import format_duration

COLUMNS = (
    Column("NAME", "name"),
    Column("IN KINESIS", "physical_name"),
    Column("MODE", "mode"),
    Column("STATUS", "status"),
    Column("SHARDS", "open_shards", right=True),
    Column("WRITES", lambda item: share_told(item.get("write_share")), right=True),
    Column("READS", lambda item: share_told(item.get("read_share")), right=True),
    Column("RETENTION", "retention"),
    Column("ENCRYPTION", "encryption"),
    Column("CONSUMERS", "consumers", right=True),
    Column("DIFFERS", lambda item: differing(item.get("differences")), fold=True),
)
NOT_DEPLOYED = "not deployed"


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """List the declared streams with their live state.

    SHARDS are the open ones. WRITES and READS are parts of what these take, in the busiest five minutes of the last
    hour; - where CloudWatch has told nothing. CONSUMERS are those registered for enhanced fan-out. DIFFERS names what
    the YAML declares otherwise.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    aws = Aws(opened)
    aws.check_account()
    items: list[Item] = []
    streams = read_streams(aws, opened.streams)
    throughputs = read_throughputs(aws, [live.name for live in streams.values() if isinstance(live, LiveStream)])
    for name, live in streams.items():
        if isinstance(live, Exception):
            answer.errors.append(explain(live) or CliError(f"{type(live).__name__}: {live}"))
            items.append({"name": name, "physical_name": naming.stream_name(opened, name), "status": "unreadable"})
        else:
            measured = throughput_item(live, throughputs.get(live.name)) if live else {}
            items.append({**stream_item(opened, name, live), **measured})
    answer.items(items, COLUMNS, empty=f"environment {opened.name} declares no streams")


def stream_item(environment: Environment, name: str, live: LiveStream | None) -> Item:
    """A declared stream as data; with little more than its names where it is not deployed."""
    physical = naming.stream_name(environment, name)
    if live is None:
        return {"name": name, "physical_name": physical, "status": NOT_DEPLOYED}
    declared = environment.streams[name]
    return {
        "name": name,
        "physical_name": physical,
        "arn": live.arn,
        "mode": live.mode,
        "status": live.status,
        "open_shards": live.open_shards,
        "retention": format_duration(live.retention),
        "encryption": live.encryption,
        "consumers": live.consumers,
        "created": live.created.isoformat(timespec="seconds") if live.created else None,
        "differences": [difference.as_json() for difference in differences(name, declared, live)],
    }
