"""Several processes of one route in one task: `processes: N`.

The supervisor moves no record. It starts N workers in one consumer group, with the memory shared out among them,
answers HTTP and writes metrics for all, and ends all when one of them ends: what starts the task again (ECS, systemd)
then starts a whole one, and sees why.
"""

import os
import queue
import threading
import time
from collections.abc import Collection
from typing import Final, NoReturn

from connector.child import Child, Report
from connector.config import ConnectorConfig
from connector.health import State
from connector.hosting import INTERRUPTED, on_signals, serving
from connector.log import Log
from connector.metrics.exposition import registry_of
from connector.metrics.snapshot import Snapshot, merge
from connector.worker import GRACE_SECONDS

# A probe's own time-out is 5 s in the image and in the task definition.
_ANSWER_SECONDS: Final = 2.0
_TERMINATED: Final = 128 + 15

log = Log(__name__)


class Supervisor:
    """The health and the metrics of all workers, and their beginning and end."""

    def __init__(self, config: ConnectorConfig) -> None:
        self._config = config
        self._children: list[Child] = []
        # A worker that ended, or None: stop.
        self._events: queue.SimpleQueue[Child | None] = queue.SimpleQueue()
        self._stop_by: float | None = None
        self._code = 0
        self.failure: str | None = None
        """Why the first worker that failed did so, in its own words."""
        self.registry = registry_of(config.route, self.snapshot)

    def run(self) -> int:
        """Run the route until SIGTERM or SIGINT, or until a worker ends; return the exit code.

        Raises:
            ConnectorError: the port cannot be had.
        """
        with serving(self._config, self, self) as port:
            on_signals(lambda: self._events.put(None), self._leave)
            log.info("started", route=self._config.route, processes=self._config.processes, http_port=port)
            try:
                for number in range(self._config.processes):
                    self._start(number)
                self._supervise()
            finally:
                # Only after an error is there still one to end.
                for child in self._children:
                    child.kill()
        return self._code

    def alive(self) -> tuple[bool, State]:
        """Tell whether every loop of every worker turned lately."""
        return self._all("alive")

    def ready(self) -> tuple[bool, State]:
        """Tell whether all workers are at work, and if not why."""
        return self._all("ready")

    def snapshot(self) -> Snapshot:
        """Merge the metrics of all workers."""
        self._reports()
        return merge(child.snapshot() for child in list(self._children))

    def _start(self, number: int) -> None:
        child = Child(number, share_of(self._config))
        self._children.append(child)
        threading.Thread(target=self._await, args=(child,), name=f"child-{number}", daemon=True).start()

    def _await(self, child: Child) -> None:
        child.process.wait()
        self._events.put(child)

    def _supervise(self) -> None:
        left = set(self._children)
        while self._stop_by is None or time.monotonic() < self._stop_by:
            try:
                event = self._events.get(timeout=self._patience())
            except queue.Empty:
                break
            if event is not None:
                left.discard(event)
                self._note_end(event)
            if not left:
                return
            if self._stop_by is None:
                self._stop(left)
        log.error("processes did not stop in time, they are killed", processes=sorted(child.number for child in left))
        self._code = self._code or 1

    def _patience(self) -> float | None:
        return None if self._stop_by is None else max(0.0, self._stop_by - time.monotonic())

    def _stop(self, children: Collection[Child]) -> None:
        self._stop_by = time.monotonic() + self._config.stop_timeout.total_seconds() + GRACE_SECONDS
        log.info("stopping", processes=len(children))
        for child in children:
            child.stop()

    def _note_end(self, child: Child) -> None:
        code, stopping = child.wait(), self._stop_by is not None
        if stopping and code == _TERMINATED:
            code = 0  # it was stopped before it could hear of it, so before it read anything
        if code or not stopping:
            log.error("a process ended, so all end", process=child.number, exit_code=code, reason=child.failure)
        self._code = self._code or code
        self.failure = self.failure or child.failure

    def _leave(self) -> NoReturn:
        for child in self._children:
            child.kill()
        os._exit(INTERRUPTED)

    def _reports(self) -> list[Report | None]:
        children = list(self._children)
        for child in children:
            child.ask()
        deadline = time.monotonic() + _ANSWER_SECONDS
        return [child.report(deadline) for child in children]

    def _all(self, question: str) -> tuple[bool, State]:
        answers = [report[question] if report else (False, {"answers": False}) for report in self._reports()]
        good = len(answers) == self._config.processes and all(answer[0] for answer in answers)
        return good, {"processes": [state for _, state in answers]}


def share_of(config: ConnectorConfig) -> ConnectorConfig:
    """Return the configuration of each worker: its share of the memory, and no HTTP or CloudWatch of its own."""
    return config.model_copy(update={"processes": 1, "memory": config.memory // config.processes, "emf": None})
