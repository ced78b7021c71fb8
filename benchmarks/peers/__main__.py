"""Other ways from Kafka to Kinesis beside the connector: `python -m benchmarks.peers [PEER …]`.

All of them, the connector too, move the same topics to the same stub, which decodes every record and counts those that
are missing, repeated and out of order, over TLS, in turns within one run. Rates are those of the second half of what
each moves, when compilers have compiled and caches are warm.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.bento import bento
from benchmarks.peers.connect import connect
from benchmarks.peers.peer import Peer, PeerMissing, Work, by_hand, ours
from benchmarks.processes import BenchmarkError, end_in_order, stub
from benchmarks.table import Row, machine, say
from benchmarks.topic import broker, load

RECORDS: Final = {200: 3_000_000, 1024: 1_000_000}
THROTTLED: Final = 0.01
LONGEST: Final = 600.0
MUST_BENTO: Final = 2.0
MUST_BY_HAND: Final = 6.0
MUST_MEBIBYTES: Final = 200
_MEBIBYTE: Final = 1 << 20

PEERS: Final[dict[str, Callable[[Path], Peer]]] = {
    "connector": lambda _: ours(),
    "by-hand": lambda _: by_hand(),
    "bento": lambda cache: bento(cache, None),
    "bento-gogc": lambda cache: bento(cache, 400),
    "connect": connect,
}


@dataclass(frozen=True)
class Result:
    """How one peer moved one topic once."""

    per_cpu_second: float
    per_second: float
    mebibytes: float
    violations: int
    repeated: int


class Comparison:
    """The peers that can be had here, and what they did."""

    def __init__(self, bootstrap: str, directory: Path, scale: float) -> None:
        self._bootstrap = bootstrap
        self._directory = directory
        self._scale = scale
        self._number = 0

    def move(self, peer: Peer, size: int, throttle: float) -> Result:
        """Let a peer move its part of a topic.

        Raises:
            BenchmarkError: it ended early, or took too long.
        """
        self._number += 1
        directory = self._directory / f"peer-{self._number}"
        wanted = int(RECORDS[size] * self._scale * peer.part)
        with stub(directory, ["--throttle", str(throttle)] if throttle else ["--verify"]) as sink:
            group = f"peer-{self._number}"
            program = peer.start(Work(self._bootstrap, f"peers-{size}", group, directory, sink.environment))
            try:
                program.wait_for(lambda: sink.counters.read().distinct >= wanted // 2, "half of the records", LONGEST)
                before, began = sink.counters.read(), program.usage()
                program.wait_for(lambda: sink.counters.read().distinct >= wanted, "all of the records", LONGEST)
                after, ended = sink.counters.read(), program.usage()
                program.look_at_memory()
            finally:
                program.end()
        moved = after.distinct - before.distinct
        return Result(
            moved / (ended.cpu - began.cpu),
            moved / (ended.wall - began.wall),
            program.peak_rss / _MEBIBYTE,
            after.violations,
            after.records - after.distinct,
        )


def main() -> int:
    """Compare; 1 where a must was missed."""
    options = _parser().parse_args()
    end_in_order()
    say(machine())
    peers = dict(_available(options.peer or list(PEERS), options.cache))
    found: dict[tuple[str, int, float], list[Result]] = {}
    with tempfile.TemporaryDirectory(prefix="streamops-peers-", dir=options.directory) as place:
        directory = Path(place)
        with broker(directory) as started:
            comparison = Comparison(started.bootstrap, directory, options.scale)
            for size in options.size or list(RECORDS):
                load(started.bootstrap, f"peers-{size}", int(RECORDS[size] * options.scale), size)
            cases = [(size, 0.0) for size in options.size or list(RECORDS)] + [(200, THROTTLED)]
            for size, throttle in cases:
                if size not in (options.size or RECORDS):
                    continue
                for number in range(options.rounds):
                    for name, peer in peers.items():
                        try:
                            result = comparison.move(peer, size, throttle)
                        except BenchmarkError as error:
                            say(f"{peer.name}, {size} B: could not be measured: {error}")
                            continue
                        say(f"  round {number + 1}: {_title(peer, size, throttle)}: {_text(result)}")
                        found.setdefault((name, size, throttle), []).append(result)
    return _report(peers, found)


def _available(names: list[str], cache: Path) -> Iterator[tuple[str, Peer]]:
    cache.mkdir(parents=True, exist_ok=True)
    for name in names:
        try:
            yield name, PEERS[name](cache)
        except PeerMissing as reason:
            say(f"{name}: left out: {reason}")


def _report(peers: dict[str, Peer], found: dict[tuple[str, int, float], list[Result]]) -> int:
    say(f"\n{machine()}\n")
    say("PEER               SIZE  THROTTLED  RECORDS/CPU-S  RECORDS/S   MiB  ORDER VIOLATIONS  REPEATED")
    for (name, size, throttle), results in found.items():
        middle = sorted(results, key=lambda result: result.per_cpu_second)[len(results) // 2]
        say(
            f"{peers[name].name:<17}{size:>6}{throttle:>11.0%}{middle.per_cpu_second:>15,.0f}{middle.per_second:>11,.0f}"
            f"{max(result.mebibytes for result in results):>6.0f}{max(result.violations for result in results):>18,}"
            f"{max(result.repeated for result in results):>10,}"
        )
    say("")
    for peer in peers.values():
        say(f"{peer.name}: {peer.what}")
    say("")
    rows = list(_musts(found))
    for row in rows:
        say(row)
    return int(any(row.missed for row in rows))


def _musts(found: dict[tuple[str, int, float], list[Result]]) -> Iterator[Row]:
    for (name, size, throttle), results in found.items():
        if name == "connector":
            most = max(result.mebibytes for result in results)
            title = f"{size} B, {throttle:.0%} throttled: connector"
            yield Row("peers", f"{title}, MiB", most, must=MUST_MEBIBYTES, at_most=True, digits=0)
            violations = max(result.violations for result in results)
            yield Row("peers", f"{title}, order violations", violations, must=0, at_most=True, digits=0)
        elif throttle == 0.0 and ("connector", size, throttle) in found:
            mine = statistics.median([one.per_cpu_second for one in found["connector", size, throttle]])
            theirs = statistics.median([one.per_cpu_second for one in results])
            must = {"bento": MUST_BENTO, "by-hand": MUST_BY_HAND}.get(name)
            yield Row("peers", f"{size} B: connector / {name}, per CPU-s", mine / theirs, must=must)


def _title(peer: Peer, size: int, throttle: float) -> str:
    return f"{peer.name}, {size} B" + (f", {throttle:.0%} throttled" if throttle else "")


def _text(result: Result) -> str:
    return (
        f"{result.per_cpu_second:,.0f} records per CPU-second, {result.per_second:,.0f} a second,"
        f" {result.mebibytes:.0f} MiB, {result.violations:,} order violations, {result.repeated:,} repeated"
    )


def _parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamops-benchmarks"
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("peer", nargs="*", choices=[*PEERS, []], help=f"which of {', '.join(PEERS)}; without it all")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions in turns (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the usual number of records")
    parser.add_argument("--size", type=int, action="append", choices=list(RECORDS), help="only values of this size")
    parser.add_argument(
        "--cache", type=Path, default=cache, help="where what is fetched is kept (default: %(default)s)"
    )
    parser.add_argument("--directory", type=Path, help="where the broker's data goes for the time of the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
