"""What a user sees: one clear message, the documented exit code."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from confluent_kafka.cimpl import NewTopic

from connector.__main__ import main
from tests.connector.processes import Route, until
from tests.connector.test_account import ROLE

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
NO_CREDENTIALS = {
    **NO_KEYS,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/none",
    "AWS_CONFIG_FILE": "/none",
}


def test_check_finds_all_well_and_moves_nothing(route: Route):
    route.produce(5)
    done = route.check()
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0].split(maxsplit=1) for line in done.stdout.splitlines()] == [
        ["ok", "AWS settings"], ["ok", "AWS credentials"], ["ok", "stream"], ["skipped", "permission"], ["ok", "topic"],
        ["ok", "permission"], ["ok", "permission"], ["ok", "committed offsets"],
    ]  # fmt: skip
    assert route.arrived() == []
    assert route.committed() == 0


def test_check_says_in_one_line_each_that_a_role_is_refused(route: Route, tmp_path: Path):
    file = tmp_path / "aws"
    file.write_text(ROLE)
    route.server.role = "refused"
    route.environment = {**NO_KEYS, "AWS_CONFIG_FILE": str(file), "AWS_PROFILE": "moving"}
    done = route.check()
    assert done.returncode == 4
    assert "FAILED  AWS credentials: An error occurred (AccessDenied)" in done.stdout
    assert "not you; give the process a role" in done.stdout
    assert "FAILED  stream: stream 'flights' in eu-west-1: An error" in done.stdout
    assert [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()[3:]] == ["ok"] * 4, "Kafka is well"
    assert done.stderr == ""


def test_a_record_limit_above_the_streams_stops_the_start(route: Route):
    route.sink = {"limits": {"record": "2MiB"}}
    process = route.start()
    assert process.popen.wait(30) == 1
    assert "takes records up to 1MiB, and sink.limits.record is 2MiB" in process.log()[-1]["text"]


def test_check_looks_at_the_target_of_dead_letters(route: Route):
    rejected = f"{route.topic}-rejected"
    roomy = NewTopic(rejected, 2, 1, config={"max.message.bytes": str(2 << 20)})
    route.admin.create_topics([roomy])[rejected].result(10)
    route.options = {"dead_letters": {"topic": rejected}}
    done = route.check()
    assert done.returncode == 0, done.stdout
    assert f"ok      dead letters: {rejected} has 2 partitions" in done.stdout
    route.options = {"dead_letters": {"topic": "nowhere"}}
    done = route.check()
    assert done.returncode == 1
    assert "FAILED  dead letters: dead-letter topic 'nowhere'" in done.stdout
    assert "ok      topic" in done.stdout


def test_a_target_that_may_refuse_letters_is_a_warning_of_check_and_of_run_and_no_error(route: Route):
    rejected = f"{route.topic}-rejected"
    route.admin.create_topics([NewTopic(rejected, 2, 1)])[rejected].result(10)
    route.options = {"dead_letters": {"topic": rejected}}
    done = route.check()
    assert done.returncode == 0, done.stdout
    assert f"warning dead letters: {rejected} has 2 partitions" in done.stdout
    process = route.start()
    until(lambda: process.said("started"))
    (told,) = process.said("dead letters may not all be taken")
    assert told["level"] == "warning"
    assert f"raise max.message.bytes of {rejected}" in told["reason"]
    assert told["reason"] in done.stdout


def test_dead_letters_are_not_tried_where_the_brokers_are_not_known(route: Route):
    route.source = {"bootstrap": "ssm:/not/there"}
    route.options = {"dead_letters": {"topic": "rejected"}}
    done = route.check()
    assert done.returncode == 1
    assert "FAILED  topic: SSM parameter '/not/there': does not exist" in done.stdout
    assert "skipped dead letters: not tried" in done.stdout


def test_check_says_that_processes_outnumber_partitions(route: Route):
    route.options = {"processes": 5}
    assert "has 4 partitions; more processes than that have nothing to do" in route.check().stdout


def test_check_reports_every_end_that_is_not_well(route: Route):
    route.server.stream_status = None
    route.source = {"topic": "nowhere"}
    done = route.check()
    assert done.returncode == 1
    assert "FAILED  stream: stream 'flights' in eu-west-1: does not exist" in done.stdout
    assert "FAILED  topic: topic 'nowhere'" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"source": {"topic": "nowhere"}}, 1, "'nowhere'"),
        ({"source": {"bootstrap": "127.0.0.1:1"}}, 1, "no broker answers"),
        ({"source": {"bootstrap": "ssm:/not/there"}}, 1, "'/not/there': does not exist"),
        ({"environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}}, 1, "Could not connect"),
        ({"environment": {"AWS_ENDPOINT_URL": "127.0.0.1"}}, 1, "127.0.0.1"),
        ({"environment": NO_CREDENTIALS}, 4, "no AWS credentials"),
    ],
)
def test_an_end_that_is_not_there_stops_the_start_with_one_message(route: Route, change, code, text):
    # Peers: kinesis-kafka-connector #30.
    for name, value in change.items():
        setattr(route, name, value)
    process = route.start()
    assert process.popen.wait(60) == code
    *_, last = process.log()
    assert last["text"].startswith("connector: ")
    assert text in last["text"]
    assert "Traceback" not in process.log_file.read_text()


def test_a_stream_that_is_not_there_stops_the_start(route: Route):
    route.server.stream_status = None
    process = route.start()
    assert process.popen.wait(30) == 1
    assert "does not exist" in process.log()[-1]["text"]


def test_a_port_in_use_stops_the_start_and_another_may_be_chosen(route: Route):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        route.options = {"http": {"host": "127.0.0.1", "port": port}}
        process = route.start()
        assert process.popen.wait(30) == 1
        assert f"http 127.0.0.1:{port}" in process.log()[-1]["text"]
        route.environment = {"CONNECTOR_HTTP_PORT": "0"}
        assert route.start().get("/healthz")[0] == 200


def test_a_wrong_configuration_is_refused_before_anything_moves(capsys, tmp_path: Path):
    file = tmp_path / "route.yaml"
    file.write_text("route: x\nsource: {kind: kafka, topik: t}\n")
    assert main(["run", "--config", str(file)]) == 1
    text = capsys.readouterr().err
    assert all(part in text for part in (str(file), "did you mean topic?", "source.bootstrap", "sink: is missing"))


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({}, "CONNECTOR_CONFIG"),
        ({"CONNECTOR_CONFIG": " "}, "not set or empty"),
        ({"CONNECTOR_CONFIG": "{"}, "environment variable CONNECTOR_CONFIG"),
    ],
)
def test_without_a_configuration_it_says_where_one_is_looked_for(capsys, monkeypatch, variables, text):
    monkeypatch.delenv("CONNECTOR_CONFIG", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 1
    assert text in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys):
    assert main(["check", "--config", "/not/there.yaml"]) == 1
    assert "/not/there.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["70000", "²", "-1", "9" * 5000])
def test_a_port_that_is_none_is_refused(capsys, monkeypatch, tmp_path: Path, port):
    source = {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g"}
    config = {"route": "r", "source": source, "sink": {"kind": "kinesis", "stream": "s"}}
    file = tmp_path / "route.json"
    file.write_text(json.dumps(config))
    monkeypatch.setenv("CONNECTOR_HTTP_PORT", port)
    assert main(["check", "--config", str(file)]) == 1
    assert "CONNECTOR_HTTP_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["move"], ["run", "--fast"], ["run", "-o", "json"], ["plan", "-o", "xml"]])
def test_wrong_usage_has_its_own_code(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
