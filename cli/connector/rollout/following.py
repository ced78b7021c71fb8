"""Following a service deployment to its end.

It is the deployment that one's own call has begun, by its ARN: `services-stable` and the service's own counts say that
all is well after the circuit breaker has gone back to the revision before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from cli.aws import Aws
from cli.connector import deployments
from cli.connector.deployments import Deployment
from cli.connector.diagnosis import diagnose
from cli.errors import CliError, IncompleteError, NotFoundError, RolloutFailedError
from cli.interruption import pause
from cli.output import note

POLL_SECONDS = 3.0
"""Between two looks; DescribeServiceDeployments allows 20 a second and account."""
APPEAR_SECONDS = 60.0
"""How long a deployment may take to appear after the call that begins it."""
THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})
"""What an AWS service says to whom calls too often: one's own calls, or those of anybody else in the account.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""
SERVER_FAULT = 500
"""HTTP status from which on it is AWS that has failed."""


def begun(aws: Aws, route: str, *, before: str | None, answered: str | None, task_definition: str) -> Deployment:
    """The deployment that a call of UpdateService has begun.

    The answer of the call may still name the one before. Then it is the newest one, if it is for the same task
    definition; anything else was begun by somebody else at the same time.

    Raises:
        IncompleteError: none has appeared within a minute.
    """
    end = time.monotonic() + APPEAR_SECONDS
    while True:
        found = None
        try:
            found = (
                deployments.newest(aws, route) if answered in (None, before) else deployments.one(aws, str(answered))
            )
        except NotFoundError:
            pass  # ECS answers reads that come right after the call from before it
        except (ClientError, BotoCoreError) as error:
            if not passes(error):
                raise
        if found is not None and found.arn != before:
            target = found.target.task_definition if found.target else None
            if target in (None, task_definition):
                return found
            raise IncompleteError(
                f"somebody else has begun another deployment of {route}, of {found.target and found.target.task}",
                f"look at it with: streamops connector status {route} -e {aws.environment.name}",
            )
        if time.monotonic() > end:
            raise IncompleteError(
                f"ECS has taken the change of {route}, and shows no deployment of it after {APPEAR_SECONDS:.0f}s",
                "run the same command again: it goes on with the deployment once there is one",
            )
        pause(POLL_SECONDS)


def follow(
    aws: Aws, arn: str, *, timeout: timedelta, going_back: Callable[[Deployment], None] | None = None
) -> Deployment:
    """Wait for the end of a deployment and tell its counts whenever they change.

    Args:
        aws: where.
        arn: of the deployment.
        timeout: after which it is left alone.
        going_back: called once when ECS begins to go back, before its old tasks start again.

    Raises:
        IncompleteError: it has not ended in time; it goes on by itself.
    """
    end = time.monotonic() + timeout.total_seconds()
    told, silent = "", False
    while True:
        try:
            deployment = deployments.one(aws, arn)
            silent = False
        except (ClientError, BotoCoreError) as error:  # the deployment goes on all the same
            if not passes(error) or time.monotonic() > end:
                raise
            if not silent:
                note(f"waiting: AWS does not answer: {error}")
            silent = True
            pause(POLL_SECONDS)
            continue
        if going_back is not None and (deployment.going_back or deployment.status.startswith("ROLLBACK")):
            going_back(deployment)
            going_back = None
        now = progress(deployment)
        if now != told:
            note(now)
            told = now
        if deployment.terminal:
            return deployment
        if time.monotonic() > end:
            raise IncompleteError(
                f"after {timeout.total_seconds():.0f}s the deployment is {deployment.status}; it goes on by itself",
                "run the same command again: it goes on following the same deployment",
            )
        pause(POLL_SECONDS)


def passes(error: Exception) -> bool:
    """Whether a call failed for a reason that goes away by itself: a broken connection, throttling, a fault of AWS."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response.get("Error", {}).get("Code") in THROTTLED or status >= SERVER_FAULT
    return isinstance(error, HTTPClientError)


def progress(deployment: Deployment) -> str:
    """Where a deployment stands, in one line."""
    state = deployment.status if deployment.stage is None else f"{deployment.status} {deployment.stage}"
    parts = []
    if deployment.requested is not None:
        parts.append(f"{deployment.running or 0} of {deployment.requested} tasks run")
        if deployment.pending:
            parts.append(f"{deployment.pending} start")
    if deployment.breaker.failures:
        parts.append(f"{deployment.breaker.failures} failed, at {deployment.breaker.threshold} it goes back")
    if deployment.alarms.triggered:
        parts.append(f"alarms: {', '.join(deployment.alarms.triggered)}")
    return f"{state}: {', '.join(parts)}" if parts else state


def failure(aws: Aws, route: str, deployment: Deployment) -> RolloutFailedError:
    """A deployment that did not succeed, with the reasons of its stopped tasks and the last lines of their logs."""
    now = {
        "ROLLBACK_SUCCESSFUL": f"what was there before runs again{_back_to(deployment)}",
        "ROLLBACK_FAILED": "and going back has failed too: too few tasks run",
        "STOPPED": "it was stopped, and nothing went back: tasks of both revisions may run",
    }.get(deployment.status, deployment.status)
    lines = [f"the rollout of {route} failed ({deployment.status}); {now}"]
    if deployment.reason:
        lines.append(f"  ECS: {deployment.reason}")
    try:
        for task in diagnose(aws, route, deployment):
            lines.append(f"  task {task.id}: {task.told}")
            lines.extend(f"    | {line}" for line in task.last_lines)
            if task.log_problem:
                lines.append(f"    its log cannot be read: {task.log_problem}")
    except (CliError, BotoCoreError, ClientError) as error:
        lines.append(f"  the tasks that failed cannot be read: {error}")
    ways = {
        "ROLLBACK_SUCCESSFUL": f"correct it and deploy again; all lines: streamops connector logs {route}",
        "STOPPED": f"streamops connector status {route}; go back with: streamops connector rollback {route}",
    }
    way_out = ways.get(deployment.status, f"streamops connector status {route}")
    return RolloutFailedError("\n".join(lines), f"{way_out} -e {aws.environment.name}")


def _back_to(deployment: Deployment) -> str:
    return f": {deployment.source.task}" if deployment.source else ""
