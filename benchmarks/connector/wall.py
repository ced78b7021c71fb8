"""Scenarios that are measured by the clock: answers that take their time, and records that are refused."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.connector.crossing import Bench
from benchmarks.table import Row, median_row, say

LATENCY_MS = 20
THROTTLED = 0.01


def latency(bench: Bench, size: int) -> Iterator[Row]:
    """Every answer takes 20 ms."""
    topic = bench.topic(size)
    wall, cpu = [], []
    for number in range(bench.rounds):
        crossing = bench.cross(topic, bench.config(topic.name), ("--latency", str(LATENCY_MS)))
        wall.append(crossing.per_second)
        cpu.append(crossing.per_cpu_second)
        say(f"  round {number + 1}: {crossing}")
    name = f"{size} B, {LATENCY_MS} ms"
    yield median_row("latency", f"{name}: records/CPU-s", cpu, digits=0)
    yield median_row("latency", f"{name}: records/s of wall", wall, must=200_000, goal=350_000, digits=0)


def throttled(bench: Bench, size: int) -> Iterator[Row]:
    """One record in a hundred is refused once; the undisturbed rate is measured in turns, by the same judging stub."""
    topic = bench.topic(size)
    fine, faulty, violations, refused = [], [], 0, 0
    for number in range(bench.rounds):
        undisturbed = bench.cross(topic, bench.config(topic.name), ("--verify",))
        disturbed = bench.cross(topic, bench.config(topic.name), ("--throttle", str(THROTTLED)))
        fine.append(undisturbed.per_second)
        faulty.append(disturbed.per_second)
        violations += undisturbed.counts.violations + disturbed.counts.violations
        refused += disturbed.counts.refused
        say(f"  round {number + 1}: undisturbed {undisturbed}")
        say(f"  round {number + 1}: throttled {disturbed}, {disturbed.counts.refused:,} refused")
    ratios = [bad / good for bad, good in zip(faulty, fine, strict=True)]
    name = f"{size} B, {THROTTLED:.0%} refused once"
    yield median_row("throttled", f"{name}: records/s of wall", faulty, digits=0)
    yield median_row("throttled", f"{name}: rate / undisturbed", ratios, must=0.8)
    yield Row("throttled", f"{name}: order violations", violations, must=0, at_most=True, digits=0)
    # Without refusals the rows above would say nothing.
    expected = topic.count * THROTTLED * bench.rounds
    yield Row("throttled", f"{name}: records refused", refused, must=expected / 2, digits=0)
