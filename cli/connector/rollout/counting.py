"""Waiting until a service runs as many tasks as it shall."""

from __future__ import annotations

import time
from datetime import timedelta

from cli.aws import Aws
from cli.connector.rollout import following, service
from cli.errors import IncompleteError
from cli.interruption import pause
from cli.output import note


def until_running(aws: Aws, route: str, timeout: timedelta, wanted: range | None = None) -> None:
    """Wait until as many tasks run as are desired, and tell the counts whenever they change.

    Args:
        aws: where.
        route: whose service it is.
        timeout: after which it is left alone.
        wanted: how many may be desired, since ECS may answer from before the call, and Application Auto Scaling moves a
            service some seconds after it was told to; None: as many as are desired now.

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
        if running == desired and not pending and (wanted is None or desired in wanted):
            return
        if time.monotonic() > end:
            raise IncompleteError(
                f"after {timeout.total_seconds():.0f}s, {now}",
                f"why: streamops connector status {route} -e {aws.environment.name}",
            )
        pause(following.POLL_SECONDS)
