"""``streamops stream describe``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.difference import COLUMNS as DIFFERENCE_COLUMNS
from cli.environment import declared, open_environment
from cli.options import EnvironmentName, Output, Query, StreamName
from cli.output import Answer, Column, Format, Item, note, print_table, show
from cli.stream.key_space import bar, widest_to_narrowest
from cli.stream.lineage import tree
from cli.stream.list import stream_item
from cli.stream.live import Consumer, LiveStream, Shard, read_consumers, read_shards, read_stream
from cli.stream.load.metrics import kept_shard_metrics, read_shard_loads
from cli.stream.load.shard_load import ShardLoad, rate_as_json
from cli.stream.throughput import read_throughputs, share_told, size_told, throughput_item

SHARD_COLUMNS = (
    Column("OPEN SHARD", "shard"),
    Column("KEY SPACE", "bar"),
    Column("SHARE", lambda item: f"{item['share']:.2%}", right=True),
    Column("LOAD", lambda item: share_told(item["load"]), right=True),
    Column("THROTTLED", "throttled", right=True),
)
TREE_COLUMNS = (
    Column("SHARD", "shard"),
    Column("KEY SPACE", "bar"),
    Column("SHARE", lambda item: f"{item['share']:.2%}", right=True),
    Column("", lambda item: "open" if item["open"] else "closed"),
)
CONSUMER_COLUMNS = (Column("CONSUMER", "name"), Column("STATUS", "status"))
Lineage = Annotated[
    bool, typer.Option("--tree", help="Draw which shard came from which, those that are closed as well.")
]
LOAD_WINDOW = timedelta(hours=1)
FACTS = ("physical_name", "status", "mode", "retention", "encryption", "created", "arn")


def command(
    ctx: typer.Context,
    name: StreamName,
    environment: EnvironmentName = None,
    *,
    lineage: Lineage = False,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show one stream in full.

    The key space is drawn from hash key 0 to 2^128-1, with the part of each open shard. LOAD is the part of its limit
    that a shard took in the busiest minute of the last hour, known where the stream keeps IncomingBytes and
    IncomingRecords by shard (shard_metrics in the YAML).
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    aws = Aws(opened)
    aws.check_account()
    live = read_stream(aws, name)
    shards, consumers = read_shards(aws, live.arn), read_consumers(aws, live.arn)
    live = replace(live, open_shards=sum(shard.open for shard in shards))
    loads = _loads(aws, live, shards)
    item = {
        **stream_item(opened, name, live),
        **throughput_item(live, read_throughputs(aws, [live.name]).get(live.name)),
        **_details(shards, consumers, loads),
    }
    answer.give({"status": "none", "items": [item]}, lambda: _show(item, shards, loads, lineage=lineage))


def _loads(aws: Aws, live: LiveStream, shards: Sequence[Shard]) -> dict[str, ShardLoad]:
    """The load of each open shard where it is known."""
    try:
        kept = kept_shard_metrics(aws, live.name)
        loads = read_shard_loads(aws, live.name, shards, LOAD_WINDOW, kept)
    except (ClientError, BotoCoreError) as error:
        note(f"what each shard takes is not known: {explain(error).message}")
        return {}
    return {load.shard.shard_id: load for load in loads or ()}


def _details(shards: Sequence[Shard], consumers: Sequence[Consumer], loads: dict[str, ShardLoad]) -> dict[str, Any]:
    return {
        "closed_shards": sum(not shard.open for shard in shards),
        "widest_to_narrowest": widest_to_narrowest(shards),
        "consumers": [{"name": consumer.name, "status": consumer.status} for consumer in consumers],
        "shards": [
            {
                "shard": shard.shard_id,
                "open": shard.open,
                "range": [str(shard.start), str(shard.end)],
                "share": shard.share,
                "parents": list(shard.parents),
                "peak": rate_as_json(loads[shard.shard_id].peak) if shard.shard_id in loads else None,
                "throttled": loads[shard.shard_id].throttled if shard.shard_id in loads else None,
            }
            for shard in shards
        ],
    }


def _show(item: Item, shards: Sequence[Shard], loads: dict[str, ShardLoad], *, lineage: bool) -> None:
    facts = {fact.replace("_", " "): item[fact] or "-" for fact in FACTS}
    facts["shards"] = f"{item['open_shards']} open, {item['closed_shards']} closed"
    facts |= _throughput(item)
    width = max(map(len, facts))
    show(f"stream {item['name']}")
    for fact, value in facts.items():
        show(f"  {fact.ljust(width)}  {value}")
    show()
    if lineage:
        print_table([_row(shard, before, loads) for before, shard in tree(shards)], TREE_COLUMNS)
    else:
        print_table([_row(shard, "", loads) for shard in shards if shard.open], SHARD_COLUMNS)
    if item["consumers"]:
        show()
        print_table(item["consumers"], CONSUMER_COLUMNS)
    show()
    if item["differences"]:
        show("Differs from the YAML:")
        print_table(item["differences"], DIFFERENCE_COLUMNS)
    else:
        show("as declared")


def _throughput(item: Item) -> dict[str, str]:
    """What the stream takes against what it could, in the busiest five minutes of the last hour."""
    taken, limits = item["throughput"], item["limits"]
    if not taken:
        known = f"not known; {size_told(limits['write_bytes_per_second'])} at most" if limits else "not known"
        return {"writes": known}
    writes = f"{size_told(taken['write_bytes_per_second'])}, {taken['write_records_per_second']:,.0f} records/s"
    reads = size_told(taken["read_bytes_per_second"])
    if limits:
        most = f"{size_told(limits['write_bytes_per_second'])}, {limits['write_records_per_second']:,} records/s"
        writes += f"; {share_told(item['write_share'])} of {most}"
        reads += f"; {share_told(item['read_share'])} of {size_told(limits['read_bytes_per_second'])}"
    return {"writes": writes, "reads": reads}


def _row(shard: Shard, before: str, loads: dict[str, ShardLoad]) -> dict[str, Any]:
    load = loads.get(shard.shard_id)
    return {
        "shard": before + shard.shard_id,
        "bar": bar(shard),
        "share": shard.share,
        "open": shard.open,
        "load": load and load.peak.of_a_shard,
        "throttled": load and load.throttled,
    }
