"""``streamops stream consumers`` against the AWS stand-in."""

from __future__ import annotations

import pytest

from cli.deployed import DeployedResource
from cli.stream.consumer_guards import CONSUMER


def register(scene, *names: str) -> None:
    for name in names:
        scene.kinesis.register_stream_consumer(StreamARN=scene.arn, ConsumerName=name)


def registered(scene) -> list[str]:
    found = scene.kinesis.list_stream_consumers(StreamARN=scene.arn)["Consumers"]
    return [consumer["ConsumerName"] for consumer in found]


@pytest.fixture
def declaring(scene_of):
    """A stream whose file declares two consumers."""
    consumers: dict[str, dict[str, str]] = {"dashboard": {}, "audit": {}}
    return scene_of({"mode": "provisioned", "shards": 1, "consumers": consumers}, ShardCount=1)


def test_they_are_listed_with_their_lag_and_what_is_not_known(declaring):
    register(declaring, "dashboard", "other")
    declaring.measure("SubscribeToShardEvent.MillisBehindLatest", 90_000, ConsumerName="dashboard")
    items = declaring.run("consumers", "-o", "json").items
    assert [(item["name"], item["behind_seconds"], item["declared"]) for item in items] == [
        ("dashboard", 90.0, True),
        ("other", None, False),
    ]
    table = declaring.run("consumers")
    assert "90s" in table.stdout
    assert "readers by GetRecords: not known" in table.stderr


def test_one_that_nobody_declares_is_registered_and_stays_out_of_the_file(orders):
    before = orders.file.read_text()
    outcome = orders.run("consumers", "--register", "dashboard", "-y", "--write-back", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"]) == (0, "mild")
    assert registered(orders) == ["dashboard"]
    assert orders.file.read_text() == before
    assert any("stays out of the environment file" in text for text in outcome.plan["warnings"])
    assert orders.run("consumers", "--register", "dashboard", "-y", "-o", "json").answer["status"] == "none"


def test_one_that_is_declared_and_not_deployed_is_left_to_the_deploy(declaring):
    outcome = declaring.run("consumers", "--register", "audit", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert outcome.answer["errors"][0]["way_out"] == f"cdk deploy '{declaring.environment}/streams'"
    assert registered(declaring) == []


def test_one_that_cloudformation_believes_to_be_there_is_registered_again(declaring, monkeypatch):
    gone = DeployedResource(CONSUMER, f"{declaring.arn}/consumer/audit:1700000000", ("orders", "audit"), kept=False)
    monkeypatch.setattr("cli.stream.consumers.read_stack", lambda *_: [gone])
    outcome = declaring.run("consumers", "--register", "audit", "-y", "-o", "json")
    assert outcome.exit_code == 0
    assert any("CloudFormation keeps the ARN" in text for text in outcome.plan["warnings"])
    assert registered(declaring) == ["audit"]


def test_an_idle_one_is_deregistered_and_leaves_the_file(declaring):
    register(declaring, "dashboard", "audit")
    outcome = declaring.run("consumers", "--deregister", "audit", "-y", "--write-back", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"]) == (0, "moderate")
    assert registered(declaring) == ["dashboard"]
    assert declaring.declared["consumers"] == {"dashboard": {}}
    assert declaring.run("consumers", "--deregister", "dashboard", "-y", "--write-back").exit_code == 0
    assert "consumers" not in declaring.declared


def test_one_that_reads_is_severe(declaring):
    register(declaring, "dashboard")
    declaring.measure("SubscribeToShardEvent.Bytes", 1, ConsumerName="dashboard")
    outcome = declaring.run("consumers", "--deregister", "dashboard", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert registered(declaring) == ["dashboard"]
    assert declaring.run("consumers", "--deregister", "dashboard", "--confirm", "orders").exit_code == 0
    assert registered(declaring) == []


def test_one_of_which_it_is_not_known_is_severe_too(declaring, monkeypatch):
    register(declaring, "dashboard")
    monkeypatch.setattr("cli.stream.consumers._reading", lambda _, __, names: dict.fromkeys(names))
    outcome = declaring.run("consumers", "--deregister", "dashboard", "-n", "-o", "json")
    assert outcome.plan["operations"][0]["risk"] == "severe"


def test_one_that_is_not_there_is_nothing_to_do(orders):
    outcome = orders.run("consumers", "--deregister", "nobody", "-y", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")
    assert outcome.plan["warnings"] == ["consumer nobody is not registered"]


def test_the_twenty_first_is_refused_unless_another_goes(orders):
    register(orders, *(f"c{number}" for number in range(20)))
    outcome = orders.run("consumers", "--register", "more", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert "21 registered consumers" in outcome.answer["errors"][0]["message"]
    assert orders.run("consumers", "--register", "more", "--deregister", "c0", "-y").exit_code == 0
    assert len(registered(orders)) == 20


def test_the_same_name_twice_over_is_wrong_usage(orders):
    assert orders.run("consumers", "--register", "a", "--deregister", "a").exit_code == 2


def test_a_saved_plan_is_carried_out_and_stale_afterwards(orders, tmp_path):
    plan = tmp_path / "plan.json"
    assert orders.run("consumers", "--register", "a", "--save", str(plan)).exit_code == 3
    assert orders.project.run("apply", str(plan)).exit_code == 0
    assert registered(orders) == ["a"]
    assert orders.project.run("apply", str(plan), "-o", "json").answer["errors"][0]["code"] == "stale-plan"


def test_a_saved_plan_for_an_idle_one_is_stale_once_it_reads(declaring, tmp_path):
    plan = tmp_path / "plan.json"
    register(declaring, "dashboard")
    assert declaring.run("consumers", "--deregister", "dashboard", "--save", str(plan)).exit_code == 3
    declaring.measure("SubscribeToShardEvent.Bytes", 1, ConsumerName="dashboard")
    outcome = declaring.project.run("apply", str(plan), "-o", "json")
    assert outcome.answer["errors"][0]["code"] == "stale-plan"
    assert registered(declaring) == ["dashboard"]
