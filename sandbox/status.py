"""What of a sandbox runs, where, and what has stopped."""

from __future__ import annotations

from typing import Any

from sandbox.errors import SandboxError
from sandbox.state import START_IT, read_state
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
        raise SandboxError(f"there is no sandbox of environment {name!r}; {START_IT}")
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
    for task in running_tasks(state.directory):
        row = {
            "part": task.service,
            "pid": task.pid,
            "where": f"http://127.0.0.1:{task.port}",
            "log": task.log,
        }
        if not task.record.alive:
            rows.append(row | {"state": "stopped", "tail": task.record.log_tail().strip()})
        else:
            rows.append(row | {"state": "ready" if task.ready() else "starting"})
    return rows
