"""Plain: Kafka to Kinesis with all defaults, against consuming alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.connector.crossing import Bench, Topic
from benchmarks.connector.table import Row, median_row, say
from benchmarks.yardstick import records_per_cpu_second

MUST = {200: 0.37, 1024: 0.32}
GOAL = {200: 0.5, 1024: 0.45}


def plain(bench: Bench, topic: Topic) -> Iterator[Row]:
    """Consume alone and cross, in turns: a machine that slows down slows both."""
    alone, moved, wall, memory = [], [], [], []
    for number in range(bench.rounds):
        of_cpu, _ = records_per_cpu_second(bench.bootstrap, topic.name, topic.count)
        crossing = bench.cross(topic, bench.config(topic.name))
        alone.append(of_cpu)
        moved.append(crossing.per_cpu_second)
        wall.append(crossing.per_second)
        memory.append(crossing.peak_mebibytes)
        say(
            f"  round {number + 1}: alone {of_cpu:,.0f}, connector {crossing.per_cpu_second:,.0f} records per CPU-second:"
            f" {crossing.per_cpu_second / of_cpu:.3f}; {crossing.per_second:,.0f} a second,"
            f" {crossing.peak_mebibytes:.0f} MiB"
        )
    name = f"{topic.size} B"
    ratios = [mine / yardstick for mine, yardstick in zip(moved, alone, strict=True)]
    yield median_row("plain", f"{name}: consuming alone, records/CPU-s", alone, digits=0)
    yield median_row("plain", f"{name}: connector, records/CPU-s", moved, digits=0)
    yield median_row("plain", f"{name}: connector, records/s of wall", wall, digits=0)
    yield median_row("plain", f"{name}: peak memory, MiB", memory, digits=0)
    yield median_row("plain", f"{name}: connector / alone", ratios, must=MUST[topic.size], goal=GOAL[topic.size])
