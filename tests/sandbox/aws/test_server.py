"""The process: `python -m sandbox.aws`."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

from sandbox.aws.server import Failures
from tests.sandbox.aws.conftest import ACCOUNT, ROOT, StandIn, free_port, start, stop


def test_it_owns_every_resource_with_the_account_it_was_given(standin: StandIn) -> None:
    assert standin.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_port_in_use_is_one_clear_line_and_exit_code_1(standin: StandIn) -> None:
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(standin.port), "--account", ACCOUNT]
    second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert f"port {standin.port} on 127.0.0.1 is in use" in line


def test_an_account_that_is_no_account_is_refused() -> None:
    command = [sys.executable, "-m", "sandbox.aws", "--port", "1", "--account", "12"]
    refused = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert refused.returncode == 2
    assert "'12' is not 12 digits" in refused.stderr


def test_sigterm_ends_it_cleanly_and_frees_the_port(tmp_path: Path) -> None:
    port = free_port()
    first = start(port, tmp_path / "first")
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(10) == 0
    assert first.log.read_text() == ""
    stop(first)
    stop(start(port, tmp_path / "second"))


def test_many_clients_are_served_at_once(standin: StandIn) -> None:
    def one(number: int) -> str:
        kinesis = standin.client("kinesis")
        kinesis.create_stream(StreamName=f"many-{number}", ShardCount=1)
        return str(
            kinesis.describe_stream_summary(StreamName=f"many-{number}")["StreamDescriptionSummary"]["StreamName"]
        )

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == [f"many-{number}" for number in range(8)]


def test_a_connection_is_kept_open_between_calls(standin: StandIn) -> None:
    connection = HTTPConnection("localhost", standin.port)
    for _ in range(2):
        connection.request("GET", "/moto-api/", headers={})
        answer = connection.getresponse()
        answer.read()
        assert not answer.will_close
    connection.close()


def test_a_failure_inside_is_a_500_for_the_client_and_a_traceback_in_the_log(capsys: object) -> None:
    started: list[str] = []

    def broken(*_: object) -> list[bytes]:
        raise LookupError("what went wrong")

    environ = {"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "Service.Action"}
    body = b"".join(Failures(broken)(environ, lambda status, *_: started.append(status)))  # type: ignore[arg-type]
    assert started == ["500 Internal Server Error"]
    assert body == b"LookupError: what went wrong"
    log = capsys.readouterr().err  # type: ignore[attr-defined]
    assert log.startswith("500 POST Service.Action")
    assert "Traceback" in log
