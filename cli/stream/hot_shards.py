"""``streamops stream hot-shards``: which shards carry the load, and what would help."""

from __future__ import annotations

from typing import Any

import typer

from cli.aws import Aws
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import EnvironmentName, Output, Query, StreamName
from cli.output import Answer, Column, Format, note, print_table, show
from cli.stream.live import read_shards, read_stream
from cli.stream.load.advice import Advice, advise
from cli.stream.load.measure import Measured, measure_load
from cli.stream.load.metrics import LONGEST
from cli.stream.load.options import Html, Since
from cli.stream.load.page import write_page
from cli.stream.load.pictures import shards_page
from cli.stream.load.tables import LOAD, per_second, percent, share_of_limit
from environments.quantities import format_duration, parse_duration

COLUMNS = (
    Column("SHARD", "shard"),
    Column("KEY SPACE", lambda item: percent(item["share_of_key_space"]), right=True),
    per_second("average", "bytes"),
    per_second("average", "records"),
    share_of_limit("average"),
    share_of_limit("peak"),
    Column("THROTTLED", "throttled", right=True),
    LOAD,
)


def command(
    ctx: typer.Context,
    name: StreamName,
    since: Since = "1h",
    html: Html = None,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show the load of each open shard, the hottest first.

    AVERAGE and PEAK are parts of what a shard takes: 1 MiB and 1,000 records a second, whichever is nearer. PEAK is the
    busiest minute. Where the stream keeps no metrics by shard (shard_metrics in the YAML), a minute of its records is
    read instead, and PEAK is the busiest second.

    The last lines say what would help.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    time = parse_duration(since)
    if not 60 <= time.total_seconds() <= LONGEST.total_seconds():  # noqa: PLR2004 - a minute, as CloudWatch counts
        raise WrongUsageError(
            f"--since {since} is not from 1m to {format_duration(LONGEST)}",
            "CloudWatch keeps sums of a minute for 15 days",
        )
    aws = Aws(opened)
    aws.check_account()
    live = read_stream(aws, name)
    measured = measure_load(aws, live, read_shards(aws, live.arn), time)
    advice = advise(opened.name, name, live, measured)
    items = shard_items(measured)
    if html:
        write_page(html, shards_page(opened.name, name, items, advice, measured.source, measured.seconds))
    content = {"status": "none", "source": measured.source, "seconds": measured.seconds, "items": items}
    answer.give(content | {"advice": [piece.as_json() for piece in advice]}, lambda: _show(items, advice))


def shard_items(measured: Measured) -> list[dict[str, Any]]:
    """The rows, hottest first."""
    loads = sorted(measured.shards, key=lambda load: (-load.peak.of_a_shard, load.shard.start))
    return [load.as_json() for load in loads]


def _show(items: list[dict[str, Any]], advice: list[Advice]) -> None:
    if not items:
        note("the stream has no open shards")
        return
    print_table(items, COLUMNS)
    show_advice(advice)


def show_advice(advice: list[Advice]) -> None:
    """The last lines: what would help, and the command for it on a line of its own."""
    show()
    for piece in advice:
        show(piece.text + (":" if piece.command else ""))
        if piece.command:
            show(f"    {piece.command}")
