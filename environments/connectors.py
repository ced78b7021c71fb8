"""How the connectors of an environment run on ECS Fargate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from environments.applications import UserName
from environments.quantities import Duration, Size, format_size
from environments.rules.bounds import Shape, Span
from environments.rules.findings import Finding
from environments.section import Section
from environments.stream_autoscale import MINUTE

_GIB = 1 << 30

FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (_GIB // 2, _GIB, 2 * _GIB),
    512: tuple(gib * _GIB for gib in range(1, 5)),
    1024: tuple(gib * _GIB for gib in range(2, 9)),
    2048: tuple(gib * _GIB for gib in range(4, 17)),
    4096: tuple(gib * _GIB for gib in range(8, 31)),
    8192: tuple(gib * _GIB for gib in range(16, 61, 4)),
    16384: tuple(gib * _GIB for gib in range(32, 121, 8)),
}
"""Memory sizes that Fargate offers for each number of CPU units (ECS Developer Guide, "Task CPU and memory")."""


COLLECTOR_MEMORY = _GIB // 4
"""What the collector of metrics may take of a task's memory."""

Image = Annotated[
    str,
    Shape(
        r"^[a-z0-9][a-z0-9._/:-]*[a-z0-9](:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$",
        "is not a reference to an image",
        "write it as in REPOSITORY:TAG or REPOSITORY@sha256:DIGEST",
    ),
]


class Prometheus(Section):
    """A collector beside each connector, which brings its metrics to Amazon Managed Service for Prometheus."""

    workspace: Annotated[
        str,
        Shape(
            r"^arn:aws[a-z-]*:aps:[a-z0-9-]+:[0-9]{12}:workspace/ws-[0-9a-f-]{36}$",
            "is not the ARN of a workspace of Amazon Managed Service for Prometheus",
            "write it as in arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-1234-1234-1234-123456789012",
        ),
    ]
    """ARN of the workspace."""
    image: Image
    """Image of the AWS Distro for OpenTelemetry collector, best a copy in Amazon ECR with its digest."""


class Autoscaler(Section):
    """A task that runs ``streamops stream reshard NAME --auto`` for all streams with ``autoscale``, again and again."""

    image: Image
    """Image that holds the command ``streamops`` and the file of the environment, best with its digest."""
    every: Annotated[Duration, Span("streamops", MINUTE, timedelta(hours=1), step=MINUTE)] = timedelta(minutes=5)
    """How long from one run to the next."""


class ConnectorSettings(Section):
    """Image and size of every connector task of the environment."""

    image: Image | None = None
    """Image to run, best with its digest; built from ``connector_image/`` on deployment where it is not given."""
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = 512
    """CPU units of a task (1024 are one vCPU)."""
    memory: Size = _GIB
    """Memory of a task, a quarter of it for records; Fargate offers certain sizes for each ``cpu``."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """Processor architecture of the tasks."""
    metrics: Literal["none", "cloudwatch"] = "none"
    """Where metrics go besides each task's ``/metrics``: nowhere, or by way of the log into CloudWatch, namespace
    ``streamops/ENVIRONMENT``."""
    prometheus: Prometheus | None = None
    """Where a collector beside each connector brings its ``/metrics``."""
    autoscaler: Autoscaler | None = None
    """What scales streams by their load, on a schedule; no task does where it is not given."""
    principal: UserName | None = None
    """Who the connectors are to Kafka where they log in with a certificate or a token: its subject (on EC2 the common
    name); ``streamops acl sync`` needs it."""

    def rules(self) -> Iterable[Finding]:
        """Fargate sells certain pairs of CPU and memory only."""
        offered = FARGATE_MEMORY[self.cpu]
        if self.memory not in offered:
            yield Finding(
                f"is no memory size that Fargate offers with cpu: {self.cpu}",
                f"use {_some(offered)}, or another cpu",
                ("memory",),
                format_size(self.memory),
            )
        elif self.prometheus is not None and self.memory < 4 * COLLECTOR_MEMORY:
            yield Finding(
                f"leaves too little beside the collector of prometheus, which may take {format_size(COLLECTOR_MEMORY)}",
                f"use {format_size(4 * COLLECTOR_MEMORY)} or more",
                ("memory",),
                format_size(self.memory),
            )


def _some(sizes: tuple[int, ...]) -> str:
    written = [format_size(size) for size in sizes]
    if len(written) <= 4:  # noqa: PLR2004  as many as read well
        return " or ".join([", ".join(written[:-1]), written[-1]])
    return f"{written[0]}, {written[1]}, ... {written[-1]}"
