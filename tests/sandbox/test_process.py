"""Background processes: found again by id and time of creation, stopped, and reported with the end of their log."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.process import await_ready, log_tail, owned_processes, start_process, stop_processes
from sandbox.waiting import wait_until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def test_a_process_is_found_again_and_stopped(tmp_path: Path):
    record, _ = start_process("sleeper", SLEEPER, log=tmp_path / "log", owner=tmp_path)
    assert record.alive
    assert [(part, process.pid) for part, process in owned_processes(tmp_path)] == [("sleeper", record.pid)]
    assert record.stop(grace_seconds=5)
    assert not record.alive
    assert not owned_processes(tmp_path)
    assert not record.stop(grace_seconds=5)


def test_a_process_that_ignores_the_request_is_ended_by_force(tmp_path: Path):
    record, _ = start_process("stubborn", STUBBORN, log=tmp_path / "log", owner=tmp_path)
    assert wait_until(lambda: "up" in log_tail(tmp_path / "log"), timeout_seconds=10)
    assert record.stop(grace_seconds=0.2)
    assert not record.alive


def test_another_process_under_the_same_id_is_left_alone(tmp_path: Path):
    record, _ = start_process("sleeper", SLEEPER, log=tmp_path / "log", owner=tmp_path)
    reused = dataclasses.replace(record, created=record.created - 100)
    assert not reused.alive
    assert not reused.stop(grace_seconds=1)
    assert record.alive
    record.stop(grace_seconds=5)


def test_a_sandbox_owns_only_its_own_processes(tmp_path: Path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    start_process("sleeper", SLEEPER, log=tmp_path / "log", owner=other)
    assert not owned_processes(mine)
    stop_processes([process for _, process in owned_processes(other)], grace_seconds=5)


def test_a_process_that_ends_at_once_is_reported_with_the_end_of_its_log(tmp_path: Path):
    script = "import sys; print('no such listener'); sys.exit(3)"
    record, started = start_process("broker", [sys.executable, "-c", script], log=tmp_path / "log", owner=tmp_path)
    with pytest.raises(SandboxError, match=r"(?s)broker ended with exit code 3.*no such listener"):
        await_ready(record, started, lambda: False, timeout_seconds=10)


def test_a_process_that_does_not_answer_is_stopped_and_reported(tmp_path: Path):
    record, started = start_process("broker", SLEEPER, log=tmp_path / "log", owner=tmp_path)
    with pytest.raises(SandboxError, match="did not answer"):
        await_ready(record, started, lambda: False, timeout_seconds=0.3)
    assert not record.alive


def test_a_program_that_is_not_there_is_one_clear_message(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"java cannot be started: .*No such file"):
        start_process("java", [tmp_path / "java"], log=tmp_path / "log", owner=tmp_path)


def test_the_log_tail_of_a_missing_log_is_empty(tmp_path: Path):
    assert log_tail(tmp_path / "none") == ""


def test_waiting_ends_when_its_time_is_up():
    began = time.monotonic()
    assert not wait_until(lambda: False, timeout_seconds=0.2, every_seconds=0.05)
    assert time.monotonic() - began < 5
