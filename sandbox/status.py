"""What of a sandbox runs, where, and what has stopped."""

from __future__ import annotations

from typing import Any

from environments import load_environment, naming
from sandbox.errors import SandboxError
from sandbox.process import log_tail
from sandbox.state import SandboxState, read_state, start_it
from sandbox.tasks import running_tasks

PARTS = ("kafka", "aws", "runner")


def status(name: str) -> list[dict[str, Any]]:
    """One row a part and a connector task: part, state (running or stopped), pid, where, log.

    A part that has stopped has the end of its log under ``tail``.

    Raises:
        SandboxError: there is no sandbox of this environment.
    """
    state = read_state(name)
    if state is None:
        raise SandboxError(f"there is no sandbox of environment {name!r}", start_it(name))
    where = {"kafka": state.bootstrap, "aws": state.endpoint_url, "runner": "starts the deployed connectors"}
    rows: list[dict[str, Any]] = []
    for part in PARTS:
        record = state.processes.get(part)
        if record is None:
            rows.append({"part": part, "state": "not started", "pid": None, "where": "", "log": ""})
            continue
        row = {"part": part, "pid": record.pid, "where": where[part], "log": record.log}
        if record.alive:
            rows.append(row | {"state": "running"})
        else:
            rows.append(row | {"state": "stopped", "tail": record.log_tail().strip()})
    environment = load_environment(name)
    for route in environment.routes:
        rows += _connector_rows(state, naming.ecs_service_name(environment, route))
    return rows


def _connector_rows(state: SandboxState, service: str) -> list[dict[str, Any]]:
    """One row a running task of a service; a single one that says so where none runs."""
    rows: list[dict[str, Any]] = [
        {
            "part": service,
            "pid": task.pid,
            "where": f"http://127.0.0.1:{task.port}",
            "log": task.log,
            "state": "ready" if task.ready() else "starting",
        }
        for task in running_tasks(state.directory)
        if task.service == service and task.record.alive
    ]
    if not rows:
        log = state.directory / "logs" / f"{service}.log"
        row = {"part": service, "pid": None, "where": "", "log": str(log)}
        rows.append(row | {"state": "stopped", "tail": log_tail(log).strip()})
    return rows
