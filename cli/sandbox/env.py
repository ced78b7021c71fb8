"""``streamops sandbox env``."""

from __future__ import annotations

import os
import shlex
from typing import Any

import typer

from cli.options import Output, Query
from cli.output import Answer, Format, show
from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment
from sandbox.state import SandboxState, running_sandbox

LEADING_ELSEWHERE = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_ROLE_", "AWS_WEB_IDENTITY_", "AWS_CONTAINER_",
    "AWS_ENDPOINT_URL_", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
)  # fmt: skip
"""Beginnings of the variables that win over an endpoint and an access key, or would be sent along with them."""


def command(
    ctx: typer.Context,
    *,
    env: SandboxEnvironment = SANDBOX_ENVIRONMENT,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Print what a shell needs to reach the sandbox: eval "$(streamops sandbox env)".

    Then every AWS SDK, the AWS command line and ``python -m connector`` speak to the stand-in, and KAFKA_BOOTSTRAP
    holds the broker's address. Variables of the shell that lead to a real account are unset.
    """
    answer = Answer.begin(ctx, output, query)
    answer.environment = env
    items = _variables(running_sandbox(env))

    def as_shell() -> None:
        for item in items:
            name, value = item["name"], item["value"]
            show(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")

    answer.give({"status": "none", "items": items}, as_shell)


def _variables(state: SandboxState) -> list[dict[str, Any]]:
    ours = {**state.aws_endpoint, **state.aws_credentials, "KAFKA_BOOTSTRAP": state.bootstrap}
    others = sorted(name for name in os.environ if name.startswith(LEADING_ELSEWHERE) and name not in ours)
    return [{"name": name, "value": value} for name, value in {**dict.fromkeys(others), **ours}.items()]
