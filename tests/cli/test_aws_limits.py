"""How long AWS is waited for."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from botocore.config import Config

from cli import aws as module
from cli.aws import ATTEMPTS, LIMITS, TIMEOUT_SECONDS

FACTOR = 40


@pytest.fixture
def silence(aws, monkeypatch) -> Iterator[socket.socket]:  # noqa: ARG001 - credentials, which this adds to
    """An endpoint that takes connections and never answers, and the limits of the command line, 40 times shorter."""
    shorter = Config(connect_timeout=TIMEOUT_SECONDS / FACTOR, read_timeout=TIMEOUT_SECONDS / FACTOR)
    monkeypatch.setattr(module, "LIMITS", LIMITS.merge(shorter))
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        yield listener


def connections(listener: socket.socket) -> int:
    listener.setblocking(False)
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_silent_service_is_reported_within_15_seconds():
    pauses = sum(2**retry for retry in range(ATTEMPTS - 1))  # at most, in botocore's mode "standard"
    assert ATTEMPTS * TIMEOUT_SECONDS + pauses <= 15
    limits = vars(LIMITS)
    assert (limits["connect_timeout"], limits["read_timeout"]) == (TIMEOUT_SECONDS, TIMEOUT_SECONDS)
    assert limits["retries"] == {"mode": "standard", "total_max_attempts": ATTEMPTS}


def test_a_silent_service_is_asked_no_more_than_was_reckoned_with(project, silence, monkeypatch):
    name = project.write(streams={"orders": {"mode": "on-demand"}})
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silence.getsockname()[1]}")
    outcome = project.run("stream", "list", "-e", name, "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "unreachable"
    assert connections(silence) == ATTEMPTS


def test_a_silent_service_is_waited_for_once_and_not_for_each_stream(project, silence, monkeypatch):
    monkeypatch.setattr(module.Aws, "check_account", lambda _: None)  # the stand-in is not as fast as these limits
    streams = {f"s{number}": {"mode": "on-demand"} for number in range(3 * module.CONCURRENT_CALLS)}
    name = project.write(streams=streams)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", f"http://127.0.0.1:{silence.getsockname()[1]}")
    outcome = project.run("stream", "list", "-e", name, "-o", "json")
    assert outcome.exit_code == 1
    assert {item["status"] for item in outcome.items} == {"unreadable"}
    assert connections(silence) <= ATTEMPTS * module.CONCURRENT_CALLS
