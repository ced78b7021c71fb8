"""``streamops topic sync --dry-run`` on a cluster of many topics: how long it takes, and how many requests.

    .venv/bin/python -m benchmarks.topics [TOPICS] [--rounds N]

A real broker with that many topics of ten partitions each, and an environment that declares them. Four states: all is
as declared, a setting of every topic differs, every topic lacks a partition, and none is there. Requests are counted in
a process of their own, for half of the topics and for all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.net.manager import KafkaConnectionManager

from benchmarks.table import Row, median_row
from cli.cluster import Cluster, NewTopic
from sandbox import kafka
from sandbox.kafka import STOP_GRACE_SECONDS, Broker

PARTITIONS = 10
SECONDS = 10
SETTINGS = {"retention.ms": "604800000", "segment.ms": "3600000"}
HEAP = "2g"
"""For a broker of so many partitions; the sandbox's has a quarter of it."""
# The index of a segment is mapped into memory and takes 10 MiB of it; a process may have 65,530 such maps.
SMALL = """
log.index.size.max.bytes=4096
num.io.threads=2
num.network.threads=2
"""


def main() -> int:
    """Measure and print; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="?", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", metavar="ENVIRONMENT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count:
        print(json.dumps(count(given.count)))
        return 0
    with tempfile.TemporaryDirectory(prefix="streamops-") as place:
        rows = list(measure(Path(place), given.topics, given.rounds))
    return 1 if any(row.missed for row in rows) else 0


def measure(place: Path, topics: int, rounds: int) -> Iterator[Row]:
    """The rows of all states, printed as they come."""
    with cluster(place) as broker:
        create(broker, topics)
        for state, changed in STATES.items():
            for number in (topics // 2, topics):
                declare(place, state, number, broker, changed)
            times = [timed(place, f"{state}-{topics}") for _ in range(rounds)]
            yield shown(median_row("sync", f"{topics:,} topics, {state}: seconds", times, must=SECONDS, at_most=True))
            half, whole = (counted(place, f"{state}-{number}") for number in (topics // 2, topics))
            per_thousand = max(1, topics // 1_000)
            note = ", ".join(f"{name} {number}" for name, number in sorted(whole.items()))
            yield shown(
                Row(
                    "sync",
                    f"{topics:,} topics, {state}: requests",
                    sum(whole.values()),
                    must=2 * sum(half.values()),
                    at_most=True,
                    note=f"{sum(whole.values()) / per_thousand:g} for 1,000 topics; {note}",
                    digits=0,
                )
            )


def shown(row: Row) -> Row:
    """Print a row."""
    print(row, flush=True)
    return row


STATES: dict[str, dict[str, Any]] = {
    "as-declared": {},
    "settings-differ": {"config": {"segment.ms": 3_600_000, "compression.type": "lz4"}},
    "partitions-lack": {"partitions": PARTITIONS + 1},
    "none-there": {"name": "new"},
}
"""What the environment declares otherwise than it is."""


@contextmanager
def cluster(place: Path) -> Iterator[Broker]:
    """A real broker with its files in ``place``."""
    kafka.JAVA_OPTIONS = (f"-Xmx{HEAP}", *kafka.JAVA_OPTIONS[1:])
    broker = Broker.prepare(place / "kafka", SMALL)
    record = broker.start(owner=place)
    try:
        yield broker
    finally:
        record.stop(STOP_GRACE_SECONDS)


def create(broker: Broker, topics: int) -> None:
    """Make the topics, fifty at a time."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap, request_timeout_ms=120_000) as admin:
        live = Cluster(admin)
        began = time.monotonic()
        for first in range(0, topics, 50):
            names = [f"topic-{number}" for number in range(first, min(first + 50, topics))]
            if refused := live.create([NewTopic(name, PARTITIONS, 1, SETTINGS) for name in names]):
                raise SystemExit(f"the broker refused {refused}")
            live.wait_until_ready(names, seconds=120)
        print(f"{topics:,} topics created in {time.monotonic() - began:.0f} s", file=sys.stderr)


def declare(place: Path, state: str, topics: int, broker: Broker, changed: dict[str, Any]) -> None:
    """Write the environment of one state."""
    prefix = f"{changed['name']}-" if "name" in changed else ""
    fields = {"partitions": PARTITIONS, "replication": 1, "config": {"segment.ms": 3_600_000}}
    document = {
        "account": "123456789012",
        "region": "eu-west-1",
        "network": {"zones": ["eu-west-1a", "eu-west-1b"]},
        "kafka": {"kind": "external", "bootstrap": broker.bootstrap, "tls": False},
        "connectors": {"image": "streamops/connector:test"},
        "topics": {
            f"topic-{number}": {**fields, **changed, "name": f"{prefix}topic-{number}"} for number in range(topics)
        },
    }
    (place / f"{state}-{topics}.yaml").write_text(json.dumps(document))


def timed(place: Path, environment: str) -> float:
    """Seconds of the whole command, as a user waits for it."""
    began = time.monotonic()
    found = subprocess.run(
        [Path(sys.executable).parent / "streamops", "topic", "sync", "--dry-run", "-e", environment, "-o", "json"],
        env={**os.environ, "STREAMOPS_ENVIRONMENTS": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode not in (0, 3):
        raise SystemExit(found.stderr)
    return time.monotonic() - began


def counted(place: Path, environment: str) -> dict[str, int]:
    """Requests of the command by kind."""
    command = [sys.executable, "-m", "benchmarks.topics", "--count", environment]
    found = subprocess.run(
        command, env={**os.environ, "STREAMOPS_ENVIRONMENTS": str(place)}, capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SystemExit(found.stderr)
    requests: dict[str, int] = json.loads(found.stdout)
    return requests


def count(environment: str) -> dict[str, int]:
    """Plan in this process and count what goes to the broker, without the greetings of a connection."""
    from cli.topic.sync import TopicSync
    from environments import load_environment

    requests: Counter[str] = Counter()
    send = KafkaConnectionManager.send

    def counting(self: Any, request: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - kafka-python has no types
        requests[type(request).__name__.removesuffix("Request")] += 1
        return send(self, request, *given, **named)

    KafkaConnectionManager.send = counting
    TopicSync(load_environment(environment)).plan()
    return dict(requests)


if __name__ == "__main__":
    sys.exit(main())
