"""What a peer is to the comparison: it may be missing, it is fetched, it is started."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Program, connector


class PeerMissing(Exception):  # noqa: N818 - no mistake, a fact of this machine
    """A peer cannot be had here; the text says why."""


@dataclass(frozen=True)
class Work:
    """What a started peer moves, from where to where."""

    bootstrap: str
    topic: str
    group: str
    directory: Path
    """For its configuration and its log."""
    environment: Mapping[str, str]
    """Variables that lead AWS SDKs to the stub; `AWS_ENDPOINT_URL` and `AWS_CA_BUNDLE` among them."""


@dataclass(frozen=True)
class Peer:
    """One way from Kafka to Kinesis."""

    name: str
    what: str
    """Versions and settings, for the table."""
    start: Callable[[Work], Program]
    sizes: tuple[int, ...] = (200, 1024)
    part: float = 1.0
    """What part of the records it moves: slow ones would take all day."""


def ours() -> Peer:
    """The connector with all defaults."""

    def start(work: Work) -> Program:
        config = {
            "route": "bench",
            "source": {"kind": "kafka", "bootstrap": work.bootstrap, "topic": work.topic, "group": work.group},
            "sink": {"kind": "kinesis", "stream": "bench"},
            "http": {"host": "127.0.0.1", "port": 0},
        }
        return connector(work.directory, config, work.environment)

    return Peer("connector", "all defaults", start)


def by_hand() -> Peer:
    """kafka-python and boto3."""
    from importlib.metadata import version

    def start(work: Work) -> Program:
        argv = [sys.executable, "-m", "benchmarks.peers.boto3_loop", work.bootstrap, work.topic, work.group]
        return Program("boto3 loop", argv, work.directory / "boto3.log", work.environment)

    what = f"kafka-python {version('kafka-python')} with crc32c, boto3 {version('boto3')}, 500 a call, one thread"
    return Peer("by hand", what, start, part=0.1)
