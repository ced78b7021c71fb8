"""How long it takes to plan a resharding of 10,000 shards to 7,777, exactly and with a tolerance.

    .venv/bin/python benchmarks/resharding.py [ROUNDS]

Planning only: the target map, the choice of the calls, the order and the summary; no AWS. The medians must be at most
a second for the exact plan and five with any tolerance.
"""

from __future__ import annotations

import statistics
import sys
import time
from fractions import Fraction

from cli.stream.resharding.request import Request
from cli.stream.resharding.shard_map import ShardMap, even_cuts
from cli.stream.resharding.strategy import Strategy

BEFORE, AFTER = 10_000, 7_777
LIMITS = {0: 1.0, 1: 5.0, 10: 5.0, 34: 5.0}
"""Seconds at most, by tolerance in percent."""


def plan(tolerance: int) -> tuple[float, int]:
    """Seconds of one plan, and its operations."""
    request = Request(to=AFTER, tolerance=Fraction(tolerance, 100), strategy=Strategy.SPLIT_MERGE)
    began = time.perf_counter()
    outcome = request.outcome(ShardMap(even_cuts(BEFORE)), load=None, updates_left=None)
    return time.perf_counter() - began, len(outcome.operations)


def main(rounds: int) -> int:
    """Measure, print, and give 1 where a median is above its limit."""
    missed = False
    for tolerance, limit in LIMITS.items():
        runs = [plan(tolerance) for _ in range(rounds)]
        seconds = statistics.median(took for took, _ in runs)
        missed |= seconds > limit
        verdict = "missed" if seconds > limit else "met"
        took = f"{seconds:5.2f} s   (at most {limit:g}): {verdict}"
        print(f"tolerance {tolerance:2} %   {runs[0][1]:6,} operations   {took}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
