"""``streamops stream hot-keys``: which partition keys make the load of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from cli.aws import Aws
from cli.environment import declared, open_environment
from cli.errors import NotFoundError, WrongUsageError
from cli.options import EnvironmentName, Output, Query, StreamName
from cli.output import Answer, Column, Format, note, print_table, show
from cli.stream.hot_shards import show_advice
from cli.stream.live import LiveStream, Shard, read_shards, read_stream
from cli.stream.load.advice import Advice, advise
from cli.stream.load.key_text import decoded, key_text
from cli.stream.load.measure import by_sample
from cli.stream.load.options import From, Html, Limit, Seconds, Shards, Sketch, Top
from cli.stream.load.page import write_page
from cli.stream.load.pictures import keys_page
from cli.stream.load.sample import LIMIT, Sample, take_sample
from cli.stream.load.shard_load import rate_as_json
from cli.stream.load.tables import LOAD, per_second, percent, share_of_limit
from cli.stream.load.tally import HeavyKey
from environments.quantities import format_duration, parse_duration

COLUMNS = (
    Column("KEY", "text"),
    Column("SHARD", lambda item: item["shards"][0] if len(item["shards"]) == 1 else f"{len(item['shards'])} shards"),
    per_second("average", "bytes"),
    per_second("average", "records"),
    share_of_limit("average"),
    share_of_limit("peak"),
    Column("OF SHARD", lambda item: percent(item["share_of_shard"]), right=True),
    Column("OF STREAM", lambda item: percent(item["share_of_stream"]), right=True),
    LOAD,
)


def command(  # noqa: PLR0913 - one parameter is one option
    ctx: typer.Context,
    name: StreamName,
    back: From = "5m",
    seconds: Seconds = 60,
    top: Top = 20,
    limit: Limit = LIMIT,
    shard: Shards = None,
    *,
    sketch: Sketch = False,
    html: Html = None,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Name the partition keys that make most of the load, from records that are read.

    Aggregates of the Kinesis Producer Library are opened. AVERAGE and PEAK (the busiest second) are parts of what one
    shard takes: 1 MiB and 1,000 records a second, whichever is nearer; no split can divide a single key.

    Reading takes at most 2 of the 5 calls and half of the 2 MiB a second that a shard has for all its shared readers.

    Keys that cannot be shown are written as 0x and their bytes in hexadecimal digits.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    aws = Aws(opened)
    aws.check_account()
    live = read_stream(aws, name)
    _check_kept(live, back)
    shards = read_shards(aws, live.arn)
    sample = take_sample(
        aws,
        live.arn,
        _chosen(shards, shard),
        back=parse_duration(back),
        seconds=seconds,
        limit=limit,
        sketch_for=top if sketch else None,
    )
    items = key_items(sample, sample.keys.heaviest(top))
    advice = _advice(opened.name, name, live, sample, whole=not shard)
    facts = sample_facts(sample)
    if html:
        write_page(html, keys_page(opened.name, name, items, advice, facts, sample))
    content = {"status": "none", "items": items, "sample": facts, "advice": [piece.as_json() for piece in advice]}
    answer.give(content, lambda: _show(items, advice, facts))


def key_items(sample: Sample, keys: Sequence[HeavyKey]) -> list[dict[str, Any]]:
    """The rows, heaviest first."""
    by_shard = {load.shard.shard_id: load.average.of_a_shard for load in sample.loads}
    of_stream = sum(by_shard.values())
    items = []
    for heavy in keys:
        average = sample.average(heavy)
        of_shards = sum(by_shard[shard_id] for shard_id in heavy.shards)
        items.append(
            {
                "key": decoded(heavy.key.partition_key),
                "key_hex": heavy.key.partition_key.hex(),
                "text": key_text(heavy.key.partition_key),
                "hash_key": None if heavy.key.hash_key is None else str(heavy.key.hash_key),
                "shards": sorted(heavy.shards),
                "bytes": round(heavy.total.bytes),
                "records": round(heavy.total.records, 3),
                "average": rate_as_json(average),
                "peak": rate_as_json(heavy.peak),
                "share_of_shard": min(1.0, round(average.of_a_shard / of_shards, 4)) if of_shards else 0.0,
                "share_of_stream": min(1.0, round(average.of_a_shard / of_stream, 4)) if of_stream else 0.0,
                "fills_a_shard": sample.fills_a_shard(heavy),
            }
        )
    return items


def sample_facts(sample: Sample) -> dict[str, Any]:
    """What was read, for the answer."""
    error = sample.keys.error
    return {
        "from": sample.window.start.isoformat(),
        "seconds": sample.window.seconds,
        "shards": len(sample.shards),
        "shards_cut_short": [shard_id for shard_id, shard in sample.shards.items() if not shard.complete],
        "records": sample.records,
        "keys": sample.keys.distinct,
        "counted": "exactly" if error is None else "count-min sketch",
        "error_bytes": None if error is None else round(error.bytes),
        "error_records": None if error is None else round(error.records, 3),
    }


def _advice(environment: str, name: str, live: LiveStream, sample: Sample, *, whole: bool) -> list[Advice]:
    if not sample.records:
        return []
    return advise(environment, name, live, by_sample(sample), whole=whole)


def _check_kept(live: LiveStream, back: str) -> None:
    if parse_duration(back) > live.retention:
        raise WrongUsageError(
            f"--from {back} is longer ago than {live.name} keeps records ({format_duration(live.retention)})",
            f"use --from {format_duration(live.retention)} or less",
        )


def _chosen(shards: Sequence[Shard], names: Sequence[str] | None) -> list[Shard]:
    if not names:
        return list(shards)
    there = {shard.shard_id: shard for shard in shards if shard.open}
    for name in names:
        if name not in there:
            raise NotFoundError(f"{name} is no open shard of the stream", f"open shards: {', '.join(sorted(there))}")
    return [there[name] for name in dict.fromkeys(names)]


def _show(items: list[dict[str, Any]], advice: list[Advice], facts: dict[str, Any]) -> None:
    if not items:
        note(f"no record arrived in the {facts['seconds']} s from {facts['from']}; try another --from")
        return
    print_table(items, COLUMNS)
    show()
    keys = "" if facts["keys"] is None else f" of {facts['keys']:,} keys"
    show(f"{facts['records']:,} records{keys} in {facts['shards']} shards, {facts['seconds']} s from {facts['from']}")
    if facts["error_bytes"] is not None:
        show(
            f"counted by a count-min sketch: no total is too low, and more than {facts['error_bytes']:,} bytes or"
            f" {facts['error_records']:,} records too high is unlikely (under 1% for each key)"
        )
    show_advice(advice)
