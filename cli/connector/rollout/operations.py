"""The steps of a rollout as operations of a plan. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cli.connector.rollout.gate import Baseline
from cli.connector.rollout.strategy import DECLARED
from cli.plan import Operation, Risk

CONFIGURE = "put-configuration"
REGISTER = "register-task-definition"
UPDATE = "update-service"
STOP = "stop-deployment"
FOLLOW = "follow-deployment"
HOLD = "hold-against-lag"
RESTORE = "restore-strategy"

WAITING = (FOLLOW, HOLD, RESTORE)
"""What is not done without waiting."""


def configure(route: str, differences: Mapping[str, Any], reason: str) -> Operation:
    """Make another text the configuration of the tasks that start from now on."""
    return Operation(
        CONFIGURE, _named(route), Risk.MODERATE, reason, {"changes": dict(differences)} if differences else {}
    )


def register(route: str, differences: Mapping[str, Any]) -> Operation:
    """Register a revision of the task definition."""
    return Operation(
        REGISTER, _named(route), Risk.MILD, "a copy of what runs, with the change", {"changes": dict(differences)}
    )


def update(route: str, reason: str, *, risk: Risk = Risk.MODERATE, **details: Any) -> Operation:  # noqa: ANN401 - JSON
    """Have ECS replace the tasks."""
    return Operation(UPDATE, _named(route), risk, reason, details)


def follow(route: str, timeout: timedelta, deployment: str | None = None) -> Operation:
    """Follow a deployment to its end; the one that the step before begins where none is named."""
    details = {"deployment": deployment} if deployment else {}
    reason = f"it has to end as SUCCESSFUL, within {timeout.total_seconds():.0f}s"
    return Operation(FOLLOW, _named(route), Risk.MILD, reason, details)


def hold(
    route: str, baseline: Baseline, stable: timedelta, back_to: str | None, deployment: str | None = None
) -> Operation:
    """Hold what a deployment has left running against the lag that was before; as in ``follow`` where none is named."""
    seconds = None if baseline.time is None else round(baseline.time.total_seconds(), 3)
    task = back_to.rpartition("/")[2] if back_to else None
    back = f", else back to {task}" if task else ""
    return Operation(
        HOLD,
        _named(route),
        Risk.MILD,
        f"the lag has to stay at {baseline} for {stable.total_seconds():.0f}s{back}",
        {
            "baseline_records": baseline.records,
            "baseline_seconds": seconds,
            "back_to": task,
            **({"deployment": deployment} if deployment else {}),
        },
    )


def baseline_of(operation: Operation) -> Baseline:
    """What ``hold`` wrote down."""
    seconds = operation.details["baseline_seconds"]
    return Baseline(operation.details["baseline_records"], None if seconds is None else timedelta(seconds=seconds))


def restore(route: str) -> Operation:
    """Have later rollouts replace tasks as the stacks declare it."""
    least, most = DECLARED
    details = {"minimum_healthy_percent": least, "maximum_percent": most}
    return Operation(RESTORE, _named(route), Risk.MILD, "as the stacks declare it", details)


def _named(route: str) -> str:
    return f"connector/{route}"
