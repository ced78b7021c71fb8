"""The connector tasks that the runner has running, as it writes them down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sandbox.process import ProcessRecord
from sandbox.runner.scheduler import tasks_file
from sandbox.runner.task import answers


@dataclass(frozen=True)
class RunningTask:
    """One task of a service: a process with an HTTP port for its health and metrics."""

    id: str
    service: str
    deployment: str
    pid: int
    created: float
    port: int
    log: str
    health: str
    stopping: bool

    @property
    def record(self) -> ProcessRecord:
        """The process behind the task."""
        return ProcessRecord(self.service, self.pid, self.created, self.log)

    def ready(self) -> bool:
        """Whether the connector says it moves records: its group joined, its target answering."""
        return not self.stopping and answers(self.port, "/readyz")


def running_tasks(directory: Path) -> list[RunningTask]:
    """The tasks of the sandbox in ``directory``; none before the runner has started."""
    try:
        entries = json.loads(tasks_file(directory).read_text())
    except FileNotFoundError:
        return []
    return [RunningTask(**entry) for entry in entries]
