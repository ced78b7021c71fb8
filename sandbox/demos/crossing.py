"""A crossing: records go into a topic, a connector moves them, they are read back where they land, and are judged.

What the demonstrations of routes have in common; each adds its route and its landing.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import BotoCoreError

from environments import Environment, naming
from sandbox.demos.flight_records import flight_records
from sandbox.demos.sabotage import Sabotage, sabotaged
from sandbox.errors import SandboxError
from sandbox.kafka_records import GroupProgress, send
from sandbox.process import log_tail
from sandbox.records import Record
from sandbox.report import Bar, Reporter
from sandbox.state import SandboxState, require_running
from sandbox.tasks import RunningTask, running_tasks
from sandbox.verdict import Verdict, compare
from sandbox.waiting import wait_until

PARTS = ("kafka", "aws", "runner")
READY_TIMEOUT_SECONDS = 60
STALL_SECONDS = 90
"""Without a single commit for this long a demonstration ends: longer than any session timeout of a consumer group."""
WATCH_SECONDS = 0.25


@dataclass(frozen=True)
class Options:
    """How to play a demonstration."""

    records: int | None = None
    """Only the first so many flights; None for all."""
    sabotage: Sabotage | None = None
    """Break it on purpose."""
    kill: bool = False
    """Kill the connector (SIGKILL) when half of the flights are sent; the runner starts it again."""


class Landing(Protocol):
    """Where the records of a route arrive."""

    where: str
    """What a person calls it."""

    def begin(self) -> None:
        """Tell what arrives from now on from what is there. Nothing is on its way through the connector."""

    def arrived(self, sent: Sequence[Record], count: int, progress: Callable[[int], None]) -> Iterator[Record]:
        """Read back what has come since `begin`, in the order of its coming, once the connector is done.

        Args:
            sent: What should come.
            count: How many were really sent.
            progress: Told how many records have been read so far.
        """


@dataclass(frozen=True)
class Crossing:
    """A route to try: its short name, the short name of its topic, and where its records land."""

    route: str
    topic: str
    landing: Landing


def cross(
    environment: Environment, state: SandboxState, crossing: Crossing, options: Options, report: Reporter
) -> Verdict:
    """Send flights across a route of a running sandbox and judge what came of them.

    Raises:
        SandboxError: a part of the sandbox stopped or stalled.
    """
    try:
        return _cross(environment, state, crossing, options, report)
    except (BotoCoreError, SandboxError):
        require_running(state, PARTS)  # a part that has died is the better explanation
        raise


def _cross(
    environment: Environment, state: SandboxState, crossing: Crossing, options: Options, report: Reporter
) -> Verdict:
    topic = naming.topic_name(environment, crossing.topic)
    group = naming.consumer_group(environment, crossing.route)
    service = naming.ecs_service_name(environment, crossing.route)
    landing = crossing.landing
    seconds: dict[str, float] = {}
    _await_ready(state, service)
    with closing(GroupProgress(state.bootstrap, topic, group)) as progress:
        if leftover := progress.lag(progress.ends()):
            with _timed(seconds, "waiting for earlier records"):
                _await_commits(progress, state, service, leftover, report)
        with _timed(seconds, "preparing"), report.working("flights", "preparing records"):
            expected = flight_records(options.records)
            records = sabotaged(expected, options.sabotage) if options.sabotage else expected
            landing.begin()
        report.done("prepared", f"{len(expected):,} flights of {len({record.key for record in expected}):,} keys")
        with _timed(seconds, "sending"), report.bar("sent", len(records)) as bar:
            _send(state, topic, records, bar, before_second_half=lambda: _kill(state, service, options, report))
        report.done("sent", f"topic {topic} at {state.bootstrap}", seconds=seconds["sending"])
        with _timed(seconds, "arriving"):
            _await_commits(progress, state, service, len(records), report)
        report.done("moved", f"connector of route {crossing.route}, group {group}", seconds=seconds["arriving"])
    with _timed(seconds, "verifying"), report.bar("read back", len(records)) as bar:
        arrived = landing.arrived(expected, len(records), bar.update)
        verdict = compare(expected, arrived, duplicates_expected=options.kill)
    report.done("compared", f"{landing.where} at {state.endpoint_url}", seconds=seconds["verifying"])
    seconds["total"] = sum(seconds.values())
    return dataclasses.replace(verdict, seconds={part: round(took, 2) for part, took in seconds.items()})


def _send(
    state: SandboxState, topic: str, records: Sequence[Record], bar: Bar, *, before_second_half: Callable[[], None]
) -> None:
    """Send all records, watching that the sandbox lives; half-way, while the connector works, do as told."""
    half = len(records) // 2

    def progress(sent: int) -> None:
        require_running(state, PARTS)
        bar.update(sent)

    send(state.bootstrap, topic, records[:half], progress=progress)
    before_second_half()
    send(state.bootstrap, topic, records[half:], progress=lambda sent: progress(half + sent))


def _await_ready(state: SandboxState, service: str) -> None:
    def ready() -> bool:
        return any(task.ready() for task in _tasks(state, service))

    if not wait_until(ready, timeout_seconds=READY_TIMEOUT_SECONDS):
        tail = log_tail(state.directory / "logs" / f"{service}.log")
        raise SandboxError(f"the connector {service} is not ready{tail}", f"streamops sandbox status -e {state.name}")


def _await_commits(progress: GroupProgress, state: SandboxState, service: str, expected: int, report: Reporter) -> None:
    """Wait until the group has committed everything that is in the topic now."""
    ends = progress.ends()
    last_change = time.monotonic()
    before = -1
    with report.bar("arrived", expected) as bar:
        while (lag := progress.lag(ends)) > 0:
            require_running(state, PARTS)
            bar.update(max(0, expected - lag))
            if lag != before:
                before, last_change = lag, time.monotonic()
            elif time.monotonic() - last_change > STALL_SECONDS:
                tail = log_tail(state.directory / "logs" / f"{service}.log")
                raise SandboxError(f"the connector {service} has not committed for {STALL_SECONDS} s{tail}")
            time.sleep(WATCH_SECONDS)
        bar.update(expected)


def _kill(state: SandboxState, service: str, options: Options, report: Reporter) -> None:
    if not options.kill:
        return
    for task in _tasks(state, service):
        if (process := task.record.process) is not None:
            process.kill()
            report.say(f"! killed the connector, pid {task.pid}; the runner will start it again")


def _tasks(state: SandboxState, service: str) -> list[RunningTask]:
    return [task for task in running_tasks(state.directory) if task.service == service]


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[part] = time.monotonic() - began
