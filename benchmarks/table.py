"""The rows that scenarios print: what was measured, against what must be and what should be."""

from __future__ import annotations

import os
import platform
import ssl
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import confluent_kafka


@dataclass(frozen=True)
class Row:
    """One number. `must` and `goal` are lower bounds, or upper ones where `at_most` is set."""

    scenario: str
    what: str
    value: float
    must: float | None = None
    goal: float | None = None
    at_most: bool = False
    spread: tuple[float, float] | None = None
    note: str = ""
    digits: int = 2

    @property
    def missed(self) -> bool:
        """Whether the must is missed."""
        if self.must is None:
            return False
        return self.value > self.must if self.at_most else self.value < self.must

    def __str__(self) -> str:
        bound = "at most" if self.at_most else "at least"
        parts = [f"{self.scenario:<11}{self.what:<58}{self._number(self.value):>11}"]
        if self.spread:
            parts.append(f"({self._number(self.spread[0])} to {self._number(self.spread[1])})")
        if self.must is not None:
            parts.append(f"must {bound} {self._number(self.must)}: {'MISSED' if self.missed else 'met'}")
        if self.goal is not None:
            reached = self.value <= self.goal if self.at_most else self.value >= self.goal
            parts.append(f"goal {self._number(self.goal)}: {'reached' if reached else 'not yet'}")
        if self.note:
            parts.append(self.note)
        return "  ".join(parts)

    def _number(self, number: float) -> str:
        return f"{number:,.{self.digits}f}"


def median_row(scenario: str, what: str, values: Sequence[float], **options: object) -> Row:
    """A row of the median of several rounds, with their spread."""
    spread = (min(values), max(values))
    return Row(scenario, what, statistics.median(values), spread=spread, **options)  # type: ignore[arg-type]


def say(text: object) -> None:
    """Print at once: a run takes minutes and people watch it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def machine() -> str:
    """What a table was measured on, and how busy that was with other things."""
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        names = [
            line.partition(":")[2].strip() for line in cpus.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return (
        f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION},"
        f" librdkafka {confluent_kafka.libversion()[0]}, load average {os.getloadavg()[0]:.1f}"
    )
