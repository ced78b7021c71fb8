"""``streamops status``: everything in one table, and a part that fails hides nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from sandbox.state import SandboxState

REGION = "eu-west-1"
SANDBOX_ACCOUNT = "000000000000"


@pytest.fixture
def environment(project, kafka, topic):
    return project.write(
        kafka=kafka,
        topics={"orders": {"partitions": 2, "replication": 1, "name": topic}},
        streams={"orders": {"mode": "provisioned", "shards": 2}},
        routes={"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )


class Agent:
    """Plays the ECS agent for one service: tasks come, report and end as the test says."""

    def __init__(self, ecs, cluster: str) -> None:
        self.ecs, self.cluster = ecs, cluster

    def start(self) -> str:
        started = self.ecs.start_task(
            cluster=self.cluster,
            taskDefinition="orders-to-stream",
            containerInstances=["laptop"],
            group="service:orders-to-stream",
        )
        return str(started["tasks"][0]["taskArn"])

    def report(self, task: str, task_status: str, reason: str = "", **container: object) -> None:
        about = [{"containerName": "connector", **container}] if container else []
        self.ecs.submit_task_state_change(
            cluster=self.cluster, task=task, status=task_status, reason=reason, containers=about
        )


@pytest.fixture
def deployed(aws, environment, broker, topic) -> Agent:
    """A stream, a topic, and an ECS service that asks for one task and has none yet."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    aws.client("kinesis").create_stream(StreamName=f"{environment}-orders", ShardCount=2)
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName=f"streamops-{environment}")
    ecs.register_task_definition(
        family="orders-to-stream", containerDefinitions=[{"name": "connector", "image": "c", "memory": 256}]
    )
    ecs.create_service(
        cluster=f"streamops-{environment}",
        serviceName="orders-to-stream",
        taskDefinition="orders-to-stream",
        desiredCount=1,
    )
    return Agent(ecs, f"streamops-{environment}")


@pytest.mark.usefixtures("deployed")
def test_streams_topics_and_connectors_stand_in_one_answer(project, environment, topic):
    outcome = project.run("status", "-e", environment, "-o", "json")
    assert outcome.exit_code == 0
    by_kind = {item["kind"]: item for item in outcome.items}
    assert by_kind["stream"]["open_shards"] == 2
    assert (by_kind["topic"]["physical_name"], by_kind["topic"]["records"]) == (topic, 0)
    connector = by_kind["connector"]
    assert (connector["desired"], connector["running"], connector["lag"]) == (1, 0, 0)
    assert [partition["partition"] for partition in connector["partitions"]] == [0, 1]
    assert all({"health", "reason", "state"} <= set(item) for item in outcome.items)


@pytest.mark.usefixtures("deployed")
def test_the_table_has_one_row_for_each_resource(project, environment):
    rows = project.run("status", "-e", environment).stdout.splitlines()
    assert rows[0].split() == ["KIND", "NAME", "STATE", "WHAT", "LAG", "HEALTH", "REASON"]
    assert [row.split()[:2] for row in rows[1:]] == [
        ["stream", "orders"],
        ["topic", "orders"],
        ["connector", "orders-to-stream"],
    ]


def connector_of(project, environment) -> dict[str, Any]:
    items = project.run("status", "-e", environment, "-o", "json").items
    return next(item for item in items if item["kind"] == "connector")


def test_a_healthy_task_is_a_healthy_connector(project, environment, deployed):
    deployed.report(deployed.start(), "RUNNING", status="HEALTHY")
    connector = connector_of(project, environment)
    assert (connector["running"], connector["task_health"]) == (1, {"healthy": 1})
    assert (connector["state"], connector["health"], connector["reason"]) == ("running", "ok", "")


def test_a_task_whose_health_check_fails_is_bad(project, environment, deployed):
    deployed.report(deployed.start(), "RUNNING", status="UNHEALTHY")
    connector = connector_of(project, environment)
    assert (connector["health"], connector["reason"]) == ("bad", "1 of 1 tasks unhealthy")


def test_a_crashed_task_is_told_with_its_reason_and_exit_code(project, environment, deployed):
    task = deployed.start()
    deployed.report(task, "RUNNING", status="RUNNING")
    deployed.report(task, "STOPPED", "Essential container in task exited", status="STOPPED", exitCode=137)
    connector = connector_of(project, environment)
    assert (connector["state"], connector["health"]) == ("stopped", "bad")
    assert connector["last_stopped"]["exit_code"] == 137
    assert "Essential container in task exited, exit code 137" in connector["reason"]


@pytest.mark.usefixtures("aws")
def test_what_is_not_deployed_is_bad_health_and_no_error(project, environment):
    outcome = project.run("status", "-e", environment, "-o", "json")
    assert outcome.exit_code == 0
    assert {item["health"] for item in outcome.items} == {"bad"}
    assert {item["state"] for item in outcome.items} == {"missing"}


@pytest.mark.usefixtures("deployed")
def test_an_unreachable_aws_hides_no_topics(project, environment, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    outcome = project.run("status", "-e", environment, "-o", "json")
    assert outcome.exit_code == 1
    assert {item["kind"]: item["state"] for item in outcome.items} == {
        "stream": "unknown",
        "topic": "ok",
        "connector": "unknown",
    }
    assert outcome.answer["status"] == "error"
    assert [error["code"] for error in outcome.answer["errors"]] == ["unreachable"]


@pytest.mark.usefixtures("aws")
def test_an_unreachable_kafka_hides_no_streams(project):
    name = project.write(
        topics={"orders": {"partitions": 1}},
        streams={"orders": {"mode": "on-demand"}},
        routes={"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    outcome = project.run("status", "-e", name, "-o", "json")
    assert outcome.exit_code == 1
    states = {item["kind"]: item["state"] for item in outcome.items}
    assert states == {"stream": "missing", "topic": "unknown", "connector": "missing"}


def test_missing_credentials_exit_with_4_and_topics_are_shown_all_the_same(project, environment):
    outcome = project.run("status", "-e", environment, "-o", "json")
    assert outcome.exit_code == 4
    assert {item["kind"]: item["state"] for item in outcome.items}["topic"] == "missing"


def test_a_route_from_a_stream_has_no_lag_in_records(project, kafka, aws):  # noqa: ARG001
    name = project.write(
        kafka=kafka,
        topics={"clicks": {"partitions": 1, "replication": 1}},
        streams={"clicks": {"mode": "on-demand"}},
        routes={"clicks-to-kafka": {"from": {"stream": "clicks"}, "to": {"topic": "clicks"}}},
    )
    items = {item["kind"]: item for item in project.run("status", "-e", name, "-o", "json").items}
    assert items["connector"]["lag"] is None
    assert items["connector"]["from"] == "stream/clicks"


@pytest.fixture
def sandbox_environment(project, topic):
    return project.write(
        "local",
        account=SANDBOX_ACCOUNT,
        sandbox=True,
        kafka={"kind": "external", "bootstrap": "ssm:/never/asked", "tls": False},
        topics={"orders": {"partitions": 2, "replication": 1, "name": topic}},
        streams={"orders": {"mode": "on-demand"}},
    )


def test_a_sandbox_environment_reaches_the_sandbox_and_nothing_else(
    project, sandbox_environment, stand_in, broker, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "production")
    state = SandboxState("local", Path(), stand_in, SANDBOX_ACCOUNT, REGION, "key", "secret", broker.bootstrap)
    monkeypatch.setattr("sandbox.state.running_sandbox", lambda _: state)
    outcome = project.run("status", "-e", sandbox_environment, "-o", "json")
    assert outcome.exit_code == 0
    assert {item["state"] for item in outcome.items} == {"missing"}


def test_a_sandbox_that_is_not_running_says_how_to_start_it(project, sandbox_environment, monkeypatch, tmp_path):
    monkeypatch.setenv("STREAMOPS_SANDBOX", str(tmp_path / "nothing"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    for command in (["status"], ["stream", "list"], ["topic", "list"]):
        outcome = project.run(*command, "-e", sandbox_environment, "-o", "json")
        assert outcome.exit_code == 1
        assert "streamops sandbox up" in outcome.stderr
