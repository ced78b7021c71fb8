"""Processes that are measured: what they have used of the CPU and of memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.counters import Counters
from benchmarks.stub.__main__ import ADDRESS, COUNTERS, DELAYS

ROOT: Final = Path(__file__).parent.parent
_GRACE: Final = 20.0
_STEP: Final = 0.005


class BenchmarkError(Exception):
    """A process did not do what the measurement needs; the text says which, with the end of its log."""


@dataclass(frozen=True)
class Usage:
    """What a tree of processes had used at one moment."""

    wall: float
    """Seconds of the monotonic clock."""
    cpu: float
    """Seconds of user and system time."""


def end_in_order() -> None:
    """Let SIGTERM end this process as Ctrl-C does: brokers and whatever else it has started end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Program:
    """One started program and its children."""

    def __init__(self, name: str, argv: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(
                [str(part) for part in argv], stdout=out, stderr=subprocess.STDOUT, env=dict(environment), cwd=ROOT
            )
        self._root = psutil.Process(self.popen.pid)
        self.peak_rss = 0

    def usage(self) -> Usage:
        """The CPU time of the whole tree, and the time of asking."""
        cpu = 0.0
        for process in self._tree():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                cpu += times.user + times.system
        return Usage(time.monotonic(), cpu)

    def look_at_memory(self) -> None:
        """Remember the most resident bytes of the whole tree in `peak_rss`."""
        self.peak_rss = max(self.peak_rss, sum(_most_resident(process) for process in self._tree()))

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until a condition holds.

        Raises:
            BenchmarkError: the program ended before it, or it took too long.
        """
        deadline = time.monotonic() + seconds
        look = 0.0
        while not condition():
            now = time.monotonic()
            if now > look:
                self.look_at_memory()
                look = now + 0.2
                if self.popen.poll() is not None:
                    raise self.problem(f"ended with exit code {self.popen.returncode} before: {what}")
            if now > deadline:
                raise self.problem(f"not within {seconds:.0f} s: {what}")
            time.sleep(_STEP)

    def problem(self, text: str) -> BenchmarkError:
        """An error with the end of the program's log."""
        end = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return BenchmarkError(f"{self.name}: {text}\n{end}")

    def end(self) -> int:
        """Ask it to end, then make it; return the exit code."""
        self.popen.terminate()
        try:
            return self.popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            for process in self._tree():
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            return self.popen.wait(_GRACE)

    def _tree(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [self._root, *self._root.children(recursive=True)]
        return []


def _most_resident(process: psutil.Process) -> int:
    """The most resident bytes of one process so far, as the kernel keeps it; elsewhere those of now."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


@dataclass
class Stub:
    """The sink, as those who measure see it."""

    program: Program
    directory: Path
    counters: Counters

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead any AWS SDK to it, and nowhere else."""
        url = (self.directory / ADDRESS).read_text()
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CONNECTOR_"))}
        return mine | {
            "AWS_ENDPOINT_URL": url,
            "AWS_CA_BUNDLE": str(self.directory / "stub.pem"),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "*",
            "no_proxy": "*",
        }

    def delays(self) -> NDArray[np.int64]:
        """Nanoseconds from creation to arrival of every record, once the stub has ended."""
        found: NDArray[np.int64] = np.load(self.directory / DELAYS)
        return found


@contextmanager
def stub(directory: Path, options: Sequence[str] = ()) -> Iterator[Stub]:
    """Run a stub of its own, with its files in a directory that is made."""
    directory.mkdir(parents=True)
    argv = [sys.executable, "-m", "benchmarks.stub", "--directory", str(directory), *options]
    program = Program("stub", argv, directory / "stub.log", os.environ)
    try:
        program.wait_for((directory / ADDRESS).exists, "listening", 60)
        yield Stub(program, directory, Counters(directory / COUNTERS))
    finally:
        program.end()


def connector(directory: Path, config: Mapping[str, object], environment: Mapping[str, str]) -> Program:
    """Start `python -m connector run`, as a user does."""
    variables = {**environment, "CONNECTOR_CONFIG": json.dumps(config)}
    return Program("connector", [sys.executable, "-m", "connector", "run"], directory / "connector.log", variables)
