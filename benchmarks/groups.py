"""``streamops group describe`` of a group that reads many partitions: how long it takes, and how many requests.

    .venv/bin/python -m benchmarks.groups [PARTITIONS] [--rounds N]

A real broker, a topic of that many partitions with some records in each, a group with a member that has committed an
offset in all of them and lags everywhere, so that the next record of every partition has to be found for the lag in
time. Twice: batches of 2 KB, and of 60 KB, which do not fit into what is asked for first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer
from kafka import KafkaAdminClient
from kafka.net.manager import KafkaConnectionManager

from benchmarks.table import Row, median_row
from benchmarks.topics import cluster, shown
from cli.cluster import Cluster, NewTopic
from cli.group.offsets import commit
from sandbox.kafka import Broker

SECONDS = 2
BATCHES = {"2KB": 2_000, "60KB": 60_000}
RECORDS = 3


def main() -> int:
    """Measure and print; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partitions", nargs="?", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", metavar="GROUP", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count:
        print(json.dumps(count(given.count)))
        return 0
    with tempfile.TemporaryDirectory(prefix="streamops-") as place:
        rows = list(measure(Path(place), given.partitions, given.rounds))
    return 1 if any(row.missed for row in rows) else 0


def measure(place: Path, partitions: int, rounds: int) -> Iterator[Row]:
    """The rows, printed as they come."""
    with cluster(place) as broker:
        declare(place, broker)
        for name, size in BATCHES.items():
            create(broker, name, partitions, size)
            with member(broker, name, partitions):
                for form in ("json", "table"):
                    times = [timed(place, name, form) for _ in range(rounds)]
                    what = f"{partitions:,} partitions, batches of {name}, {form}: seconds"
                    bound = "must" if size == min(BATCHES.values()) else "goal"
                    yield shown(median_row("group", what, times, at_most=True, **{bound: SECONDS}))
                requests = counted(place, name)
                note = ", ".join(f"{kind} {number}" for kind, number in sorted(requests.items()))
                what = f"{partitions:,} partitions, batches of {name}: requests"
                yield shown(Row("group", what, sum(requests.values()), note=note, digits=0))


def create(broker: Broker, topic: str, partitions: int, size: int) -> None:
    """The topic, records of ``size`` bytes each in a batch of its own, and a group at the second one everywhere."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap, request_timeout_ms=120_000) as admin:
        live = Cluster(admin)
        if refused := live.create([NewTopic(topic, partitions, 1, {})]):
            raise SystemExit(f"the broker refused {refused}")
        live.wait_until_ready([topic], seconds=120)
        producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 0, "batch.num.messages": 1})
        value = os.urandom(size)
        for number in range(RECORDS * partitions):
            producer.produce(topic, value, partition=number % partitions)
            producer.poll(0)
            if number % 500 == 0:
                producer.flush()
        producer.flush()
        print(f"{topic}: {partitions:,} partitions written", file=sys.stderr, flush=True)
        commit(live, topic, {(topic, partition): 1 for partition in range(partitions)})


@contextmanager
def member(broker: Broker, topic: str, partitions: int) -> Iterator[None]:
    """A consumer that has all partitions and reads none."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": topic, "enable.auto.commit": False})
    consumer.subscribe([topic])
    stopped, complete = threading.Event(), threading.Event()

    def run() -> None:
        while not stopped.is_set():
            consumer.poll(0.2)
            if not complete.is_set() and len(assigned := consumer.assignment()) == partitions:
                consumer.pause(assigned)
                complete.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        if not complete.wait(60):
            raise SystemExit("the member got no partitions")
        yield
    finally:
        stopped.set()
        thread.join()
        consumer.close()


def declare(place: Path, broker: Broker) -> None:
    """An environment that declares none of it."""
    document = {
        "account": "123456789012",
        "region": "eu-west-1",
        "network": {"zones": ["eu-west-1a", "eu-west-1b"]},
        "kafka": {"kind": "external", "bootstrap": broker.bootstrap, "tls": False},
        "connectors": {"image": "streamops/connector:test"},
    }
    (place / "bench.yaml").write_text(json.dumps(document))


def timed(place: Path, group: str, form: str) -> float:
    """Seconds of the whole command, as a user waits for it."""
    began = time.monotonic()
    found = subprocess.run(
        [Path(sys.executable).parent / "streamops", "group", "describe", group, "-e", "bench", "-o", form],
        env={**os.environ, "STREAMOPS_ENVIRONMENTS": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise SystemExit(found.stderr)
    took = time.monotonic() - began
    if form == "json":
        lags = [entry["lag_seconds"] for entry in json.loads(found.stdout)["items"][0]["partitions"]]
        if None in lags:
            raise SystemExit(f"{lags.count(None)} partitions have no lag in time")
    return took


def counted(place: Path, group: str) -> dict[str, int]:
    """Requests of the command by kind."""
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.groups", "--count", group],
        env={**os.environ, "STREAMOPS_ENVIRONMENTS": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    requests: dict[str, int] = json.loads(found.stdout.splitlines()[-1])
    return requests


def count(group: str) -> dict[str, int]:
    """Describe in this process and count what goes to the broker, without the greetings of a connection."""
    from typer.testing import CliRunner

    from cli.main import app

    requests: Counter[str] = Counter()
    send = KafkaConnectionManager.send

    def counting(self: Any, request: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - kafka-python has no types
        requests[type(request).__name__.removesuffix("Request")] += 1
        return send(self, request, *given, **named)

    KafkaConnectionManager.send = counting
    outcome = CliRunner().invoke(app, ["group", "describe", group, "-e", "bench", "-o", "json"])
    if outcome.exit_code:
        raise SystemExit(outcome.output)
    return dict(requests)


if __name__ == "__main__":
    sys.exit(main())
