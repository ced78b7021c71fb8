"""Processes that outlive the command that started them: started in the background, found again, stopped.

A process is known by its id *and* the time it was created, so that an id the system has given to somebody else
is never signalled.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.errors import SandboxError
from sandbox.waiting import wait_until

TAIL_LINES = 15
OWNER_VARIABLE = "STREAMOPS_SANDBOX_OWNER"
"""Carried by every process of a sandbox, with the sandbox's directory as value."""
PART_VARIABLE = "STREAMOPS_SANDBOX_PART"
"""Which part of the sandbox a process is."""


@dataclass(frozen=True)
class ProcessRecord:
    """One background process as it is written down."""

    name: str
    pid: int
    created: float
    """Seconds since the epoch, as the operating system tells it."""
    log: str

    @property
    def process(self) -> psutil.Process | None:
        """The process while it lives."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            # Linux counts creation times in ticks of 10 ms from a boot time that is itself re-read.
            if abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process is not None

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """The end of the log as a block to append to a message; empty where there is nothing to show."""
        return log_tail(Path(self.log), lines)

    def stop(self, grace_seconds: float) -> bool:
        """Ask the process to end, end it by force after ``grace_seconds``; False where it did not run."""
        process = self.process
        if process is None:
            return False
        stop_processes([process], grace_seconds)
        return True


def log_tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last ``lines`` of a log as an indented block under its path; empty where there is nothing to show."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 64 * 1024))
            text = log.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return ""
    return "\n".join([f"\n  the end of {path}:", *(f"    {line}" for line in text)]) if text else ""


def isolated_environment(owner: Path, name: str) -> dict[str, str]:
    """The variables of this process without any that lead to the user's own AWS account or through a proxy.

    Whatever runs in a sandbox reaches the stand-in on this machine and nothing else. Two variables mark the process as
    the sandbox's.
    """
    inherited = {variable: value for variable, value in os.environ.items() if not variable.startswith("AWS_")}
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
        "no_proxy": "*",
        OWNER_VARIABLE: str(owner),
        PART_VARIABLE: name,
    }


def start_process(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    owner: Path,
    environment: Mapping[str, str] | None = None,
) -> tuple[ProcessRecord, psutil.Process]:
    """Start a process in a session of its own, so that Ctrl-C at the terminal does not reach it.

    Args:
        name: what the part is called in messages.
        argv: program and arguments.
        log: receives both output streams; what stood there before stays.
        owner: the sandbox's directory.
        environment: variables besides those of an isolated environment.

    Raises:
        SandboxError: the program cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = [str(argument) for argument in argv]
    variables = {**isolated_environment(owner, name), **(environment or {})}
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        # Not subprocess: its Popen objects expect to outlive their process, and these processes outlive the command.
        pid = os.posix_spawnp(
            arguments[0],
            arguments,
            variables,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )
    except OSError as error:
        raise SandboxError(f"{name} cannot be started: {arguments[0]}: {error.strerror}") from error
    process = psutil.Process(pid)
    return ProcessRecord(name, pid, process.create_time(), str(log)), process


def exit_code(process: psutil.Process) -> int | None:
    """The exit code of a child once it has ended, negative for a signal; None while it runs."""
    try:
        code = process.wait(timeout=0)
    except psutil.TimeoutExpired:
        return None
    return 0 if code is None else int(code)


def start_server(
    name: str,
    argv: Sequence[str | Path],
    *,
    port: int,
    log: Path,
    owner: Path,
    timeout_seconds: float,
    environment: Mapping[str, str] | None = None,
) -> ProcessRecord:
    """Start a process that will listen on ``port`` of the loopback interface, and wait until it does.

    Raises:
        SandboxError: somebody else listens there already, or the process ended or did not answer.
    """
    if accepts_connections(port):
        raise SandboxError(
            f"port {port}, which {name} had, is in use by another process",
            "streamops sandbox down, then up again: it takes new ports",
        )
    record, process = start_process(name, argv, log=log, owner=owner, environment=environment)
    await_ready(record, process, lambda: accepts_connections(port), timeout_seconds=timeout_seconds)
    return record


def await_ready(
    record: ProcessRecord, process: psutil.Process, ready: Callable[[], bool], *, timeout_seconds: float
) -> None:
    """Wait until ``ready()``; a process that ends or takes too long is an error with the tail of its log."""

    def ended_or_ready() -> bool:
        return exit_code(process) is not None or ready()

    if not wait_until(ended_or_ready, timeout_seconds=timeout_seconds, every_seconds=0.1):
        record.stop(grace_seconds=5)
        raise SandboxError(f"{record.name} did not answer within {timeout_seconds:.0f} s{record.log_tail()}")
    if (code := exit_code(process)) is not None:
        raise SandboxError(f"{record.name} ended with exit code {code} at once{record.log_tail()}")


def owned_processes(owner: Path) -> list[tuple[str, psutil.Process]]:
    """Every living process started for the sandbox in directory ``owner`` with its part's name.

    Found by the variables each of them carries, so that none is missed whose parent or whose record is gone.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            variables = process.environ()
            if variables.get(OWNER_VARIABLE) == str(owner) and process.status() != psutil.STATUS_ZOMBIE:
                found.append((variables.get(PART_VARIABLE, ""), process))
    return found


def stop_processes(processes: Sequence[psutil.Process], grace_seconds: float) -> None:
    """Ask all to end, end by force those that have not after ``grace_seconds``."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, remaining = psutil.wait_procs(processes, timeout=grace_seconds)
    for process in remaining:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(remaining, timeout=5)


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
