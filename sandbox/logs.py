"""The logs of a sandbox's parts: broker, stand-in, runner, deployments and connectors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.state import sandbox_directory, start_it

POLL_SECONDS = 0.3


def log_files(name: str) -> dict[str, Path]:
    """The logs by part, those of the last run where the sandbox is down."""
    return {path.stem: path for path in sorted((sandbox_directory(name) / "logs").glob("*.log"))}


def tail(name: str, part: str, *, lines: int, follow: bool) -> Iterator[str]:
    """The last ``lines`` of a part's log and, with ``follow``, what is added until the caller stops.

    Raises:
        SandboxError: there is no log of this part.
    """
    files = log_files(name)
    if part not in files:
        known = f"there are: {', '.join(files)}" if files else f"there are none yet; {start_it(name)}"
        raise SandboxError(f"the sandbox of environment {name!r} has no log of {part!r}", known)
    with files[part].open(errors="replace") as log:
        yield from [line.rstrip("\n") for line in log.readlines()[-lines:]]
        partial = ""
        while follow:
            partial += log.readline()
            if partial.endswith("\n"):
                yield partial.rstrip("\n")
                partial = ""
            else:
                time.sleep(POLL_SECONDS)
