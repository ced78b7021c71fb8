"""The log of a connector in CloudWatch Logs: once over a time, or followed.

FilterLogEvents gives the lines of all tasks in order of time, five times a second and account at least; a page may be
empty and others follow. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.aws import Aws
from cli.connector.deployments import CONTAINER
from cli.connector.log_lines import is_metrics, readable
from cli.errors import NotFoundError
from environments import naming

LATE = timedelta(seconds=30)
"""How much later than its time a line may still come when the log is followed: each task brings its own in batches."""
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class LogEvent:
    """One line of one task."""

    id: str
    at: datetime
    task: str
    line: str
    """As it was written."""

    @property
    def is_metrics(self) -> bool:
        """Whether it is for CloudWatch rather than for people."""
        return is_metrics(self.line)

    @property
    def text(self) -> str:
        """As people read it, behind the beginning of its task's id."""
        return f"[{self.task[:8]}] {readable(self.line, self.at)}"

    def contains(self, text: str) -> bool:
        """Whether ``text`` stands in it, as it was written or as it is shown."""
        return text in self.line or text in self.text

    def as_json(self) -> dict[str, Any]:
        """The entry in a JSON answer."""
        return {"at": self.at.isoformat(timespec="milliseconds"), "task": self.task, "line": self.line}


def read_events(aws: Aws, route: str, since: datetime, task: str = "") -> Iterator[LogEvent]:
    """The lines of a route's tasks since a time, the oldest first.

    Args:
        aws: where.
        route: whose connector.
        since: from when on.
        task: the id of one task, or its beginning; all tasks by default.

    Raises:
        NotFoundError: there is no such log.
    """
    logs = aws.logs
    group = naming.log_group_name(aws.environment, route)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        logStreamNamePrefix=f"{route}/{CONTAINER}/{task}",
        startTime=int(since.timestamp() * 1000),
    )
    try:
        for page in pages:
            yield from map(_event, page["events"])
    except logs.exceptions.ResourceNotFoundException as error:
        raise NotFoundError(
            f"there is no log group {group}: connector {route} is not deployed",
            f"deploy it: cdk deploy '{aws.environment.name}/connectors'",
        ) from error


def follow(
    aws: Aws, route: str, since: datetime, task: str = "", *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[LogEvent]:
    """The lines since a time and those that come, each once, without end."""
    seen: dict[str, datetime] = {}
    while True:
        for event in read_events(aws, route, since, task):
            if event.id not in seen:
                seen[event.id] = event.at
                yield event
        newest = max(seen.values(), default=since)
        since = max(since, min(newest, datetime.now(UTC)) - LATE)
        seen = {known: at for known, at in seen.items() if at >= since}
        sleep(POLL_SECONDS)


def _event(event: dict[str, Any]) -> LogEvent:
    return LogEvent(
        id=event["eventId"],
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        task=event["logStreamName"].rpartition("/")[2],
        line=event["message"].rstrip("\n"),
    )
