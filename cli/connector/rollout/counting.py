"""Waiting until a service runs as many tasks as it shall."""

from __future__ import annotations

import time
from datetime import timedelta

from cli.aws import Aws
from cli.connector.rollout import following, service
from cli.errors import IncompleteError
from cli.interruption import pause
from cli.output import note


def until_running(aws: Aws, route: str, timeout: timedelta) -> None:
    """Wait until as many tasks run as are desired, and tell the counts whenever they change.

    Raises:
        IncompleteError: they do not in time.
    """
    end, told = time.monotonic() + timeout.total_seconds(), ""
    while True:
        live = service.describe_service(aws, route)
        desired, running, pending = live["desiredCount"], live["runningCount"], live["pendingCount"]
        now = f"{running} of {desired} tasks run" + (f", {pending} start" if pending else "")
        if now != told:
            note(now)
            told = now
        if running == desired and not pending:
            return
        if time.monotonic() > end:
            raise IncompleteError(
                f"after {timeout.total_seconds():.0f}s, {now}",
                f"why: streamops connector status {route} -e {aws.environment.name}",
            )
        pause(following.POLL_SECONDS)
