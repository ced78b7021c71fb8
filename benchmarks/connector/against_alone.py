"""Scenarios that are measured against consuming alone, in turns: a machine that slows down slows both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.connector.crossing import Bench
from benchmarks.table import Row, median_row, say
from benchmarks.yardstick import records_per_cpu_second


@dataclass(frozen=True)
class AgainstAlone:
    """One way to cross, and what part of consuming alone it must reach, by the size of a value."""

    name: str
    must: Mapping[int, float]
    goal: Mapping[int, float]
    sink: Mapping[str, Any] = field(default_factory=dict)
    stub_options: Sequence[str] = ()

    def __call__(self, bench: Bench, size: int) -> Iterator[Row]:
        """Measure."""
        topic = bench.topic(size)
        alone, moved, wall, memory = [], [], [], []
        for number in range(bench.rounds):
            of_cpu, _ = records_per_cpu_second(bench.bootstrap, topic.name, topic.count)
            crossing = bench.cross(topic, bench.config(topic.name, self.sink), self.stub_options)
            alone.append(of_cpu)
            moved.append(crossing.per_cpu_second)
            wall.append(crossing.per_second)
            memory.append(crossing.peak_mebibytes)
            say(f"  round {number + 1}: alone {of_cpu:,.0f}; {crossing}; ratio {crossing.per_cpu_second / of_cpu:.3f}")
        ratios = [mine / yardstick for mine, yardstick in zip(moved, alone, strict=True)]
        name = self.name
        yield median_row(name, f"{size} B: consuming alone, records/CPU-s", alone, digits=0)
        yield median_row(name, f"{size} B: connector, records/CPU-s", moved, digits=0)
        yield median_row(name, f"{size} B: connector, records/s of wall", wall, digits=0)
        yield median_row(name, f"{size} B: peak memory, MiB", memory, digits=0)
        must, goal = self.must.get(size), self.goal.get(size)
        yield median_row(name, f"{size} B: connector / alone, per CPU-s", ratios, must=must, goal=goal)


plain = AgainstAlone("plain", must={200: 0.37, 1024: 0.32}, goal={200: 0.5, 1024: 0.45})
"""Kafka to Kinesis with all defaults."""

aggregated = AgainstAlone(
    "aggregated",
    must={200: 0.2},
    goal={200: 0.3},
    sink={"aggregation": "kpl"},
    stub_options=("--aggregated", "--shards", "64"),
)
"""Kafka to Kinesis in the format of the Kinesis Producer Library.

Aggregates are made shard by shard, so they are the fuller the fewer shards there are. 64 take 64 MiB and, at 200 bytes,
330,000 records a second, about what one core reaches.
"""

packed = AgainstAlone(
    "packed",
    must={200: 0.37},
    goal={200: 0.55},
    sink={"kind": "firehose", "stream": None, "delivery_stream": "bench", "packing": "newline"},
)
"""Kafka to Firehose, many messages to a record."""
