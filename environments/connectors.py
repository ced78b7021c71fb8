"""How the connectors of an environment run on ECS Fargate."""

from __future__ import annotations

from typing import Literal

from environments.quantities import Size
from environments.section import Section


class ConnectorSettings(Section):
    """Image and size of every connector task of the environment."""

    image: str | None = None
    """Image to run, best with its digest; built from ``connector_image/`` on deployment where it is not given."""
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = 512
    """CPU units of a task (1024 are one vCPU)."""
    memory: Size = 1 << 30
    """Memory of a task; Fargate offers certain sizes for each ``cpu``."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """Processor architecture of the tasks."""
