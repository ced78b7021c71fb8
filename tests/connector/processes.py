"""Connectors as processes, and topics for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from connector.kafka.client import patiently
from tests.connector.fault_server import FaultServer

Content = dict[str, Any]
TAIL = 8000


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@dataclass
class Process:
    """One `python -m connector run`."""

    popen: subprocess.Popen[bytes]
    log_file: Path

    def log(self) -> list[Content]:
        """Read the log so far; a line that is no JSON stands under `text`."""
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) if line.startswith("{") else {"text": line, "message": ""} for line in lines]

    def said(self, message: str) -> list[Content]:
        return [line for line in self.log() if line["message"] == message]

    def get(self, path: str) -> tuple[int, str]:
        until(lambda: self.said("started"))
        port = self.said("started")[0]["http_port"]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(seconds)


def _producing(bootstrap: str) -> dict[str, str | int | bool]:
    # Without idempotence a batch that is repeated, usual on a new topic, comes after its successors.
    return {"bootstrap.servers": bootstrap, "linger.ms": 5, "enable.idempotence": True}


@dataclass
class Route:
    """A topic of its own, a server, and the processes that join them."""

    bootstrap: str
    server: FaultServer
    directory: Path
    name: str
    partitions: int = 4
    source: Content = field(default_factory=dict)
    sink: Content = field(default_factory=dict)
    options: Content = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    place_of: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap})
        self.producer = Producer(_producing(self.bootstrap))
        self.topic = self.group = self.name

    def create_topic(self) -> None:
        new = NewTopic(self.topic, self.partitions, 1)
        self.admin.create_topics([new])[self.topic].result(10)

    def add_partitions(self, total: int) -> None:
        self.admin.create_partitions([NewPartitions(self.topic, total)])[self.topic].result(10)
        until(lambda: len(self.admin.list_topics(self.topic, timeout=5).topics[self.topic].partitions) == total)
        # The old one would only learn of them minutes later.
        self.producer = Producer(_producing(self.bootstrap))
        self.partitions = total

    def produce(self, count: int, first: int = 0, distinct: int = 200, partition: int = -1) -> list[bytes]:
        values = [b"%08d" % number for number in range(first, first + count)]

        def note(_: object, message: Message) -> None:
            self.place_of[message.value() or b""] = (message.partition() or 0, message.offset() or 0)

        for number, value in enumerate(values):
            key = b"k%d" % (number % distinct)
            self.producer.produce(self.topic, value, key=key, partition=partition, on_delivery=note)
        assert self.producer.flush(30) == 0
        return values

    def committed(self) -> int:
        """Sum up what the group has committed."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.group})
        places = [TopicPartition(self.topic, number) for number in range(self.partitions)]
        try:
            return sum(max(0, place.offset) for place in patiently(lambda: consumer.committed(places, timeout=10)))
        finally:
            consumer.close()

    def config(self) -> Content:
        source = {"kind": "kafka", "bootstrap": self.bootstrap, "topic": self.topic, "group": self.group}
        sink = {"kind": "kinesis", "stream": "flights", "region": "eu-west-1"}
        return {
            "route": "flights-to-stream",
            "source": {**source, "session_timeout": "6s", "linger": "20ms", **self.source},
            "sink": {**sink, **self.sink},
            "commit_interval": "200ms",
            "http": {"host": "127.0.0.1", "port": 0},
            **self.options,
        }

    def variables(self) -> Mapping[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CONNECTOR_"))},
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CONNECTOR_CONFIG": json.dumps(self.config()),
            **self.environment,
        }

    def start(self) -> Process:
        log_file = self.directory / f"{len(self.processes)}.log"
        with log_file.open("wb") as out:
            popen = subprocess.Popen(
                [sys.executable, "-m", "connector", "run"], env=self.variables(), stdout=out, stderr=out
            )
        process = Process(popen, log_file)
        self.processes.append(process)
        return process

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "connector", "check"],
            env=self.variables(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def end_all(self) -> None:
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait(10)
            # Shown with a test that failed.
            sys.stdout.write(f"{process.log_file}:\n{process.log_file.read_text()[-TAIL:]}\n")

    def arrived(self) -> list[bytes]:
        return [taken.data for taken in self.server.taken]


def out_of_order(route: Route) -> int:
    """Count first occurrences that came after one of their key and partition with a higher offset."""
    latest: dict[tuple[str, int], int] = {}
    seen: set[bytes] = set()
    count = 0
    for taken in route.server.taken:
        if taken.data not in seen:
            seen.add(taken.data)
            partition, offset = route.place_of[taken.data]
            before = latest.get((taken.key, partition), -1)
            count += before > offset
            latest[taken.key, partition] = max(before, offset)
    return count


def missing(wanted: Iterable[bytes], route: Route) -> set[bytes]:
    return set(wanted) - set(route.arrived())
