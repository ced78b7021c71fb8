"""A container definition of ECS turned into a process of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError

INSTALLED_IMAGES = {"streamops/connector:local": (sys.executable, "-m", "connector")}
"""Image name to entry point. There is no Docker in a sandbox: the name in the task definition stands for the package
that is installed beside the sandbox, with the entry point that its Dockerfile has."""

DEFAULT_COMMAND = ("run",)
"""CMD of the image's Dockerfile."""
DEFAULT_STOP_TIMEOUT_SECONDS = 30
"""What ECS waits between SIGTERM and SIGKILL unless ``stopTimeout`` says otherwise."""


@dataclass(frozen=True)
class HealthCheck:
    """When a container counts as unhealthy; the defaults are those of ECS.

    The command of the health check is not run: it asks a fixed port, and here each task has a port of its own. The
    runner asks ``/healthz`` there instead.
    """

    interval_seconds: float = 30
    retries: int = 3
    start_period_seconds: float = 0

    @property
    def patience_seconds(self) -> float:
        """How long the check may fail before the container is unhealthy."""
        return self.interval_seconds * self.retries


@dataclass(frozen=True)
class ProcessDefinition:
    """What to start, with which variables, and how long it may take to stop."""

    container: str
    """Name of the container in the task definition."""
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stop_timeout_seconds: int
    health_check: HealthCheck


def process_definition(task_definition: Mapping[str, Any], secret: Callable[[str], str]) -> ProcessDefinition:
    """The process of a task definition's only container.

    Args:
        task_definition: as ``DescribeTaskDefinition`` answers.
        secret: reads the value behind a secret's ``valueFrom``.

    Raises:
        SandboxError: more than one container, or an image that is not installed here.
    """
    containers = task_definition["containerDefinitions"]
    if len(containers) != 1:
        raise SandboxError(
            f"{task_definition['family']} has {len(containers)} containers; the sandbox runs tasks of one container"
        )
    container = containers[0]
    image = container["image"]
    if image not in INSTALLED_IMAGES:
        raise SandboxError(
            f"CannotPullContainerError: {image} is not installed in the sandbox; "
            f"it has {', '.join(INSTALLED_IMAGES)} (connectors.image in the environment file)"
        )
    check = container.get("healthCheck", {})
    variables = {entry["name"]: entry["value"] for entry in container.get("environment", ())}
    variables |= {entry["name"]: secret(entry["valueFrom"]) for entry in container.get("secrets", ())}
    return ProcessDefinition(
        container=container["name"],
        argv=(*INSTALLED_IMAGES[image], *(container.get("command") or DEFAULT_COMMAND)),
        environment=variables,
        stop_timeout_seconds=container.get("stopTimeout", DEFAULT_STOP_TIMEOUT_SECONDS),
        health_check=HealthCheck(
            interval_seconds=check.get("interval", HealthCheck.interval_seconds),
            retries=check.get("retries", HealthCheck.retries),
            start_period_seconds=check.get("startPeriod", HealthCheck.start_period_seconds),
        ),
    )
