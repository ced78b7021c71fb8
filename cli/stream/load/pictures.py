"""The pages of hot-shards and hot-keys: load over the key space, over time, and by key. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import Item
from cli.stream.live import KEY_SPACE
from cli.stream.load.advice import Advice
from cli.stream.load.page import Markup, page, table, tag
from cli.stream.load.sample import Sample
from cli.stream.load.shard_load import HOT
from cli.stream.load.tables import amount, percent

WIDTH, HEIGHT, MARGIN = 1000.0, 260.0, 34.0
MOST_LINES = 5
"""Shards that are drawn over time: as many as there are colours."""


def shards_page(
    environment: str, name: str, items: Sequence[Item], advice: Sequence[Advice], source: str, seconds: float
) -> str:
    """The page of hot-shards."""
    what = f"metrics of the last {seconds / 60:,.0f} minutes" if source == "metrics" else f"{seconds:,.0f} s of records"
    peak = "busiest minute" if source == "metrics" else "busiest second"
    blocks = [
        *_advice(advice),
        tag("h2", "Load over the key space"),
        key_space_picture(items),
        tag("p", f"Dark: on average. Light: the {peak}. Dashed: what one shard takes.", class_="dim"),
        tag("h2", "Shards"),
        table(
            ("Shard", "Key space", "Bytes/s", "Records/s", "Average", "Peak", "Throttled"),
            [_shard_row(item) for item in items],
            right=frozenset(range(1, 7)),
        ),
    ]
    return page(f"Hot shards of {name}", f"environment {environment}, {what}", blocks)


def keys_page(
    environment: str,
    name: str,
    items: Sequence[Item],
    advice: Sequence[Advice],
    facts: Mapping[str, Any],
    sample: Sample,
) -> str:
    """The page of hot-keys."""
    loads = [load.as_json() for load in sample.loads]
    blocks = [
        *_advice(advice),
        tag("h2", "Keys"),
        table(
            ("Key", "Shard", "Bytes/s", "Records/s", "Average", "Peak", "Of stream", "Part of a shard's limit"),
            [_key_row(item) for item in items],
            right=frozenset(range(2, 7)),
        ),
        tag("h2", "Load over the key space"),
        key_space_picture(loads),
        tag("p", "Dark: on average. Light: the busiest second. Dashed: what one shard takes.", class_="dim"),
        tag("h2", "Seconds"),
        *seconds_picture(sample),
    ]
    told = f"environment {environment}, {facts['records']:,} records of {facts['seconds']} s from {facts['from']}"
    return page(f"Hot keys of {name}", f"{told}, counted: {facts['counted']}", blocks)


def key_space_picture(items: Sequence[Item]) -> Markup:
    """Each shard where it lies in the key space, as high as its load."""
    top = max([1.0, *(item["peak"]["share_of_limit"] for item in items)]) * 1.05
    bars = []
    for item in items:
        first, last = (int(edge) for edge in item["range"])
        left, width = first * WIDTH / KEY_SPACE, (last - first + 1) * WIDTH / KEY_SPACE
        for rate, kind in (("peak", "half"), ("average", "full")):
            share = item[rate]["share_of_limit"]
            name = "hot" if rate == "average" and item["peak"]["share_of_limit"] >= HOT else kind
            height = min(share, top) / top * HEIGHT
            told = f"{item['shard']}: {rate} {percent(share)}"
            bars.append(
                tag(
                    "rect",
                    tag("title", told),
                    x=left,
                    y=HEIGHT - height,
                    width=max(0.5, width - 1),
                    height=height,
                    class_=name,
                )
            )
    return _plot(bars, top, "hash key 0", "2^128-1", "load of each shard over the key space")


def seconds_picture(sample: Sample) -> list[Markup]:
    """The busiest shards second by second, which averages of a minute hide."""
    busiest = sorted(sample.loads, key=lambda load: -load.peak.of_a_shard)[:MOST_LINES]
    seconds = sorted({second for load in busiest for second in sample.seconds[load.shard.shard_id].seconds})
    if not seconds:
        return [tag("p", "nothing was read", class_="dim")]
    first, last = seconds[0], max(seconds[-1], seconds[0] + 1)
    top = max([1.0, *(load.peak.of_a_shard for load in busiest)]) * 1.05
    lines, legend = [], []
    for place, load in enumerate(busiest):
        counted = sample.seconds[load.shard.shard_id].seconds
        points = []
        for second in range(first, last + 1):
            share = counted[second].per(1).of_a_shard if second in counted else 0.0
            points.append(f"{(second - first) / (last - first) * WIDTH:.1f},{HEIGHT - share / top * HEIGHT:.1f}")
        colour = f"stroke: var(--series-{place})"
        name = tag("title", load.shard.shard_id)
        lines.append(tag("polyline", name, points=" ".join(points), class_="line", style=colour))
        legend.append(tag("span", f"━ {load.shard.shard_id}  ", style=f"color: var(--series-{place})"))
    return [_plot(lines, top, "first second", f"{last - first} s later", "load by second"), tag("p", *legend)]


def _plot(shapes: Sequence[Markup], top: float, left: str, right: str, label: str) -> Markup:
    limit = HEIGHT - HEIGHT / top
    return tag(
        "svg",
        tag("line", x1=0.0, y1=HEIGHT, x2=WIDTH, y2=HEIGHT, class_="axis"),
        *shapes,
        tag("line", x1=0.0, y1=limit, x2=WIDTH, y2=limit, class_="limit"),
        tag("text", left, x=0.0, y=HEIGHT + 20),
        tag("text", right, x=WIDTH, y=HEIGHT + 20, text_anchor="end"),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT + MARGIN:.0f}",
        role="img",
        aria_label=label,
    )


def _shard_row(item: Item) -> list[str]:
    throttled = item["throttled"]
    return [
        item["shard"],
        percent(item["share_of_key_space"]) or "",
        *_rates(item),
        "-" if throttled is None else f"{throttled:,}",
    ]


def _key_row(item: Item) -> list[str]:
    shard = item["shards"][0] if len(item["shards"]) == 1 else f"{len(item['shards'])} shards"
    return [item["text"], shard, *_rates(item), percent(item["share_of_stream"]) or "", _bar(item)]


def _rates(item: Item) -> list[str]:
    average, peak = item["average"], item["peak"]
    return [
        amount(average["bytes_per_second"]),
        amount(average["records_per_second"]),
        percent(average["share_of_limit"]) or "",
        percent(peak["share_of_limit"]) or "",
    ]


def _bar(item: Item) -> Markup:
    average, peak = (min(1.0, item[rate]["share_of_limit"]) * 100 for rate in ("average", "peak"))
    return tag(
        "svg",
        tag("rect", x=0.0, y=0.0, width=100.0, height=10.0, class_="track"),
        tag("rect", x=0.0, y=0.0, width=peak, height=10.0, class_="half"),
        tag("rect", x=0.0, y=0.0, width=average, height=10.0, class_="hot" if average >= HOT * 100 else "full"),
        viewBox="0 0 100 10",
        style="min-width: 6rem",
    )


def _advice(advice: Sequence[Advice]) -> list[Markup]:
    blocks = []
    for piece in advice:
        blocks.append(tag("p", piece.text))
        if piece.command:
            blocks.append(tag("p", tag("code", piece.command)))
    return blocks
