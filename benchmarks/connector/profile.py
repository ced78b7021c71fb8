"""Where a connector spends its time: samples of its Python threads, by py-spy."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.processes import BenchmarkError
from benchmarks.table import say

RATE: Final = 400
"""Samples a second; each stops the process for a moment, so rates of a profiled run are lower."""
_SHOWN: Final = 30
_STOP_SECONDS: Final = 30


@contextmanager
def profiling(pid: int, directory: Path) -> Iterator[None]:
    """Sample a process during the block, then say what took its time.

    Raises:
        BenchmarkError: py-spy is missing or may not look at the process.
    """
    if shutil.which("py-spy") is None:
        raise BenchmarkError("--profile needs py-spy: .venv/bin/pip install --editable '.[bench]'")
    samples = directory / f"profile-{pid}.txt"
    command = ["py-spy", "record", "--pid", str(pid), "--format", "raw", "--rate", str(RATE)]
    sampler = subprocess.Popen(
        [*command, "--duration", "3600", "--output", str(samples)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield
    finally:
        sampler.send_signal(2)  # as Ctrl-C: it then writes what it has
        output, _ = sampler.communicate(timeout=_STOP_SECONDS)
    if not samples.exists():
        raise BenchmarkError(f"py-spy took no samples:\n{output.decode()}")
    _report(samples.read_text())


def _report(samples: str) -> None:
    own: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    within: Counter[str] = Counter()
    total = 0
    for line in samples.splitlines():
        stack, _, text = line.rpartition(" ")
        frames, count = stack.split(";"), int(text)
        total += count
        own[_function(frames[-1])] += count
        for function in {_function(frame) for frame in frames}:
            within[function] += count
        python = [frame for frame in frames if ".py:" in frame]
        if python:
            lines[python[-1]] += count
    titles = (
        ("by itself", own),
        ("by itself and what it calls", within),
        ("lines, native calls counted where they are made", lines),
    )
    for title, found in titles:
        say(f"\n  {title} ({total:,} samples)")
        for name, count in found.most_common(_SHOWN):
            say(f"  {count / total:7.1%}  {name}")


def _function(frame: str) -> str:
    """A frame without its line: `name (file.py)`."""
    before, colon, _ = frame.rpartition(":")
    return f"{before})" if colon and ".py:" in frame else frame
