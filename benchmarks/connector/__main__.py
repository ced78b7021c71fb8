"""The numbers of the connector: `python -m benchmarks.connector [SCENARIO …]`.

Every scenario runs on a real broker with TLS on, every result checked, order and metrics on, and prints its rows with
what must be and what should be reached.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.connector.against_alone import aggregated, packed, plain
from benchmarks.connector.bounds import memory, trickle
from benchmarks.connector.crossing import RECORDS, Bench
from benchmarks.connector.floor import floor
from benchmarks.connector.wall import latency, throttled
from benchmarks.processes import BenchmarkError, end_in_order
from benchmarks.table import Row, machine, say
from benchmarks.topic import broker

Scenario = Callable[[Bench, int], Iterator[Row]]
SCENARIOS: dict[str, tuple[Scenario, tuple[int, ...]]] = {
    "floor": (floor, (200, 1024)),
    "plain": (plain, (200, 1024)),
    "latency": (latency, (200,)),
    "throttled": (throttled, (200,)),
    "aggregated": (aggregated, (200,)),
    "packed": (packed, (200,)),
    "memory": (memory, (1024,)),
    "trickle": (trickle, (200,)),
}
"""What each runs, and with values of which sizes."""


def main() -> int:
    """Run the scenarios; 1 where a must was missed or a scenario could not run."""
    options = _parser().parse_args()
    names = options.scenario or list(SCENARIOS)
    end_in_order()
    say(machine())
    rows: list[Row] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="streamops-bench-", dir=options.directory) as place:
        directory = Path(place)
        with broker(directory) as started:
            bench = Bench(started.bootstrap, directory, options.rounds, options.scale, options.profile)
            for name in names:
                scenario, sizes = SCENARIOS[name]
                for size in options.size or sizes:
                    say(f"{name}, {size} B")
                    try:
                        for row in scenario(bench, size):
                            rows.append(row)
                            say(row)
                    except BenchmarkError as error:
                        problems.append(f"{name}, {size} B: could not be measured, see above")
                        say(f"{name}: could not be measured: {error}")
    say(f"\n{machine()}\n")
    for line in [*rows, *problems]:
        say(line)
    return int(bool(problems) or any(row.missed for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.connector", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], help=f"which of {', '.join(SCENARIOS)}; all")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved repetitions (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the usual number of records")
    parser.add_argument("--size", type=int, action="append", choices=list(RECORDS), help="only values of this size")
    parser.add_argument("--profile", action="store_true", help="sample where the connector spends its time; slows it")
    parser.add_argument("--directory", type=Path, help="where the broker's data goes for the time of the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
