"""One crossing: a connector moves a loaded topic to a stub, and what that took."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.connector.profile import profiling
from benchmarks.counters import Counts
from benchmarks.processes import Program, Stub, connector, stub
from benchmarks.topic import load
from benchmarks.yardstick import WARM_UP

RECORDS: Final = {200: 4_000_000, 1024: 1_500_000}
"""How many records there are, by the bytes of a value."""
LONGEST: Final = 300.0
"""Seconds that a crossing may take."""
_MEBIBYTE: Final = 1 << 20
Config = dict[str, Any]


@dataclass(frozen=True)
class Topic:
    """A loaded topic."""

    name: str
    count: int
    size: int
    """Bytes of each value."""


@dataclass(frozen=True)
class Crossing:
    """What moving a topic took, start-up and warm-up left out."""

    per_cpu_second: float
    per_second: float
    peak_rss: int
    counts: Counts

    def __str__(self) -> str:
        return (
            f"connector {self.per_cpu_second:,.0f} records per CPU-second, {self.per_second:,.0f} a second,"
            f" {self.peak_mebibytes:.0f} MiB"
        )

    @property
    def peak_mebibytes(self) -> float:
        """The most memory it held."""
        return self.peak_rss / _MEBIBYTE


@dataclass
class Bench:
    """The broker of this run and a directory for everything else."""

    bootstrap: str
    directory: Path
    rounds: int
    scale: float
    """What part of the usual number of records is moved."""
    profiled: bool = False
    """Whether to sample where each connector spends its time."""
    _topics: dict[int, Topic] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def topic(self, size: int) -> Topic:
        """The topic with values of this size, loaded when first asked for."""
        if size not in self._topics:
            topic = Topic(f"bench-{size}", int(RECORDS[size] * self.scale), size)
            load(self.bootstrap, topic.name, topic.count, size)
            self._topics[size] = topic
        return self._topics[size]

    def config(self, topic: str, sink: Mapping[str, Any] | None = None, **options: object) -> Config:
        """A configuration with all defaults, in a consumer group of its own."""
        source = {"kind": "kafka", "bootstrap": self.bootstrap, "topic": topic, "group": f"bench-{next(self._numbers)}"}
        target = {"kind": "kinesis", "stream": "bench", **(sink or {})}
        target = {name: value for name, value in target.items() if value is not None}
        return {"route": "bench", "source": source, "sink": target, "http": {"host": "127.0.0.1", "port": 0}, **options}

    @contextmanager
    def running(self, config: Config, stub_options: Sequence[str] = ()) -> Iterator[tuple[Program, Stub]]:
        """A connector and a stub, until the end of the block."""
        directory = self.directory / f"run-{next(self._numbers)}"
        with stub(directory, stub_options) as sink:
            program = connector(directory, config, sink.environment)
            try:
                yield program, sink
            finally:
                program.end()

    def cross(self, topic: Topic, config: Config, stub_options: Sequence[str] = ()) -> Crossing:
        """Move a whole topic.

        Raises:
            BenchmarkError: not all of it arrived.
        """
        judged = bool({"--verify", "--throttle"} & set(stub_options))

        with self.running(config, stub_options) as (program, sink):

            def arrived(wanted: int) -> bool:
                counts = sink.counters.read()
                return (counts.distinct if judged else counts.records) >= wanted

            program.wait_for(lambda: arrived(topic.count // WARM_UP), "the first tenth of the records arrived", LONGEST)
            with profiling(program.popen.pid, self.directory) if self.profiled else nullcontext():
                before, began = sink.counters.read(), program.usage()
                program.wait_for(lambda: arrived(topic.count), "all records arrived", LONGEST)
                after, ended = sink.counters.read(), program.usage()
            program.look_at_memory()
        moved = (after.distinct - before.distinct) if judged else (after.records - before.records)
        return Crossing(moved / (ended.cpu - began.cpu), moved / (ended.wall - began.wall), program.peak_rss, after)
