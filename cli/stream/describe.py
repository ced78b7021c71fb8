"""``streamops stream describe``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import typer

from cli.aws import Aws
from cli.difference import COLUMNS as DIFFERENCE_COLUMNS
from cli.environment import declared, open_environment
from cli.options import EnvironmentName, Output, Query, StreamName
from cli.output import Answer, Column, Format, Item, print_table, show
from cli.stream.key_space import bar, widest_to_narrowest
from cli.stream.list import stream_item
from cli.stream.live import Consumer, Shard, read_consumers, read_shards, read_stream

SHARD_COLUMNS = (
    Column("OPEN SHARD", "shard"),
    Column("KEY SPACE", "bar"),
    Column("SHARE", lambda item: f"{item['share']:.2%}", right=True),
)
CONSUMER_COLUMNS = (Column("CONSUMER", "name"), Column("STATUS", "status"))
FACTS = ("physical_name", "status", "mode", "retention", "encryption", "created", "arn")


def command(
    ctx: typer.Context,
    name: StreamName,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show one stream in full.

    The key space is drawn from hash key 0 to 2^128-1, with the part of each open shard.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    aws = Aws(opened)
    aws.check_account()
    live = read_stream(aws, name)
    shards, consumers = read_shards(aws, live.arn), read_consumers(aws, live.arn)
    live = replace(live, open_shards=sum(shard.open for shard in shards))
    item = {**stream_item(opened, name, live), **_details(shards, consumers)}
    answer.give({"status": "none", "items": [item]}, lambda: _show(item, shards))


def _details(shards: Sequence[Shard], consumers: Sequence[Consumer]) -> dict[str, Any]:
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
            }
            for shard in shards
        ],
    }


def _show(item: Item, shards: Sequence[Shard]) -> None:
    width = max(map(len, FACTS))
    show(f"stream {item['name']}")
    for fact in FACTS:
        show(f"  {fact.replace('_', ' ').ljust(width)}  {item[fact] or '-'}")
    show(f"  {'shards'.ljust(width)}  {item['open_shards']} open, {item['closed_shards']} closed")
    show()
    print_table(
        [{"shard": shard.shard_id, "bar": bar(shard), "share": shard.share} for shard in shards if shard.open],
        SHARD_COLUMNS,
    )
    if item["consumers"]:
        show()
        print_table(item["consumers"], CONSUMER_COLUMNS)
    show()
    if item["differences"]:
        show("Differs from the YAML:")
        print_table(item["differences"], DIFFERENCE_COLUMNS)
    else:
        show("as declared")
