"""What a user sees of a sandbox: up, up again, status, logs, a part that dies, two side by side, down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox.process import owned_processes
from sandbox.waiting import wait_until
from tests.end_to_end.conftest import Deployment, brought_up, connector_pids


def test_status_shows_stream_topic_lag_and_connector(deployment: Deployment):
    def items() -> dict[tuple[str, str], dict[str, Any]]:
        envelope = deployment.answer("status", "-e", "local")
        assert envelope["environment"] == "local"
        assert not envelope["errors"]
        return {(item["kind"], item["name"]): item for item in envelope["items"]}

    def is_running() -> bool:
        connector = items()["connector", "flights-to-stream"]
        return (connector["desired"], connector["running"]) == (1, 1)

    # Tests before this one may have stopped its task, and the next one takes a while.
    assert wait_until(is_running, timeout_seconds=60)
    shown = items()
    assert shown["stream", "flights"]["state"] == "active"
    assert shown["stream", "flights"]["open_shards"] == 4
    assert shown["stream", "delays"]["mode"] == "on-demand"
    assert shown["topic", "flights"]["partitions"] == 8
    assert isinstance(shown["connector", "flights-to-stream"]["lag"], int)


def test_up_again_keeps_what_runs(deployment: Deployment):
    before = {part: record.pid for part, record in deployment.state.processes.items()}
    connectors = connector_pids(deployment)
    done = deployment.streamops("sandbox", "up")
    assert done.returncode == 0, done.stderr
    assert {part: record.pid for part, record in deployment.state.processes.items()} == before
    assert connector_pids(deployment) == connectors
    assert done.stderr.count("(was running)") == 3


def test_every_part_is_shown_with_its_place(deployment: Deployment):
    items = {item["part"]: item for item in deployment.answer("sandbox", "status")["items"]}
    assert items.keys() == {"kafka", "aws", "runner", "flights-to-stream", "flights-to-archive"}
    assert {item["state"] for item in items.values()} <= {"running", "ready"}
    assert all(Path(item["log"]).is_file() for item in items.values())


def test_a_connector_of_ones_own_reaches_the_sandbox(deployment: Deployment, tmp_path: Path):
    config = tmp_path / "route.yaml"
    config.write_text(
        "route: own\n"
        'source: {kind: kafka, bootstrap: "ssm:/streamops/local/kafka/bootstrap", topic: flights, group: own}\n'
        "sink: {kind: kinesis, stream: local-delays}\n"
    )
    items = deployment.answer("sandbox", "env")["items"]
    told = {item["name"]: item["value"] for item in items if item["value"] is not None}
    check = [sys.executable, "-m", "connector", "check", "--config", str(config)]
    done = subprocess.run(check, env={**os.environ, **told}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok      topic: flights at {told['KAFKA_BOOTSTRAP']} has 8 partitions" in done.stdout


def test_the_log_of_a_part_can_be_read_and_an_unknown_part_is_named(deployment: Deployment):
    assert "started" in deployment.streamops("sandbox", "logs", "flights-to-stream").stdout
    done = deployment.streamops("sandbox", "logs", "zookeeper")
    assert done.returncode == 1
    assert "no log of 'zookeeper'" in done.stderr
    assert "there are: aws, cdk, flights-to-archive, flights-to-stream, kafka, runner" in done.stderr


def test_a_part_that_died_is_reported_with_its_log_and_comes_up_again(deployment: Deployment):
    runner = psutil.Process(deployment.state.processes["runner"].pid)
    orphans = connector_pids(deployment)
    runner.send_signal(signal.SIGKILL)
    psutil.wait_procs([runner], timeout=5)
    done = deployment.streamops("sandbox", "status")
    assert done.returncode == 1
    assert "part runner has stopped" in done.stderr
    assert (deployment.directory / "logs" / "runner.log").read_text().splitlines()[-1] in done.stderr
    again = deployment.streamops("sandbox", "up")
    assert again.returncode == 0, again.stderr
    assert connector_pids(deployment)
    assert not set(connector_pids(deployment)) & set(orphans)
    assert deployment.answer("status", "-e", "local")["status"] == "none"


def test_a_second_sandbox_runs_beside_the_first_and_goes_without_a_trace(deployment: Deployment, tmp_path: Path):
    first = {process.pid for _, process in owned_processes(deployment.directory)}
    directory = tmp_path / "second"
    for second in brought_up(directory):
        assert second.state.endpoint_url != deployment.state.endpoint_url
        assert second.state.bootstrap != deployment.state.bootstrap
        done = second.streamops("sandbox", "run", "flights", "--records", "1000")
        assert done.returncode == 0, done.stderr
    assert sorted(entry.name for entry in directory.iterdir()) == ["logs", "sandbox.lock"]
    assert {process.pid for _, process in owned_processes(deployment.directory)} == first


@pytest.mark.parametrize(
    "command", [("status", "-e", "local"), ("sandbox", "run", "flights"), ("topic", "list", "-e", "local")]
)
def test_without_a_sandbox_every_command_says_how_to_start_one(tmp_path: Path, command: tuple[str, ...]):
    done = Deployment(tmp_path / "none").streamops(*command)
    assert done.returncode == 1
    assert "the sandbox of environment 'local' is not running" in done.stderr
    assert "start it with: streamops sandbox up -e local" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_environment_that_is_not_made_for_a_sandbox_is_refused(tmp_path: Path):
    done = Deployment(tmp_path / "none").streamops("sandbox", "up", "-e", "dev")
    assert done.returncode == 1
    assert "environment 'dev' is not made for a sandbox" in done.stderr


def test_taking_down_what_is_not_up_is_no_error(tmp_path: Path):
    done = Deployment(tmp_path / "none").streamops("sandbox", "down")
    assert done.returncode == 0
    assert "there is no sandbox in" in done.stderr
