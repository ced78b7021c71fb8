"""``streamops sandbox down``."""

from __future__ import annotations

from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment
from sandbox.lifecycle import down
from sandbox.report import Reporter


def command(*, env: SandboxEnvironment = SANDBOX_ENVIRONMENT) -> None:
    """Take a sandbox down: connectors drain, every process ends, the directory is emptied but for the logs."""
    down(env, Reporter())
