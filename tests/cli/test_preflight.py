"""``streamops env preflight``: what a deploy would lose is held back, and everything else is let through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kafka import KafkaAdminClient

ORDERS = {"mode": "provisioned", "shards": 2, "retention": "48h"}
CLICKS = {"mode": "on-demand"}


def template(environment: str, stack: str, *, keep: bool = False, **resources: tuple[str, dict[str, Any]]) -> str:
    """A template as the CDK writes it: each resource with its place; `orders=(type, properties)`."""
    return json.dumps(
        {
            "Resources": {
                "".join(name.split("-")): {
                    "Type": kind,
                    "Properties": properties,
                    "DeletionPolicy": "Retain" if keep else "Delete",
                    "Metadata": {"aws:cdk:path": f"{environment}/{stack}/{name}/Resource"},
                }
                for name, (kind, properties) in resources.items()
            }
        }
    )


def stream(name: str, **properties: Any) -> tuple[str, dict[str, Any]]:
    encryption = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    return "AWS::Kinesis::Stream", {"Name": name, "StreamEncryption": encryption, **properties}


@pytest.fixture
def environment(project, aws):
    """Two streams as they were deployed: `orders` with two shards and 48 hours, `clicks` on demand."""
    name = project.write(streams={"orders": ORDERS, "clicks": CLICKS})
    deploy(aws, name)
    return name


def deploy(aws, name: str, *, keep: bool = False) -> None:
    body = template(
        name,
        "streams",
        keep=keep,
        orders=stream(f"{name}-orders", ShardCount=2, RetentionPeriodHours=48),
        clicks=stream(f"{name}-clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"}),
    )
    aws.client("cloudformation").create_stack(StackName=f"{name}-streams", TemplateBody=body)


def rows(outcome) -> dict[tuple[str, str], str]:
    return {(item["resource"], item["property"]): item["verdict"] for item in outcome.items}


def test_what_is_as_declared_is_the_same_and_passes(project, environment):
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")
    assert rows(outcome) == {("stream/orders", ""): "same", ("stream/clicks", ""): "same"}


def test_before_the_first_deploy_everything_is_new(project, aws):  # noqa: ARG001
    name = project.write(streams={"orders": ORDERS})
    outcome = project.run("env", "preflight", "-e", name, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "changes")
    assert rows(outcome) == {("stream/orders", ""): "new"}


def test_what_loses_nothing_is_a_change_and_passes(project, environment):
    project.write(
        environment,
        streams={"orders": {**ORDERS, "retention": "72h", "max_record_size": "2MiB"}, "clicks": CLICKS, "new": CLICKS},
    )
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "changes")
    assert rows(outcome) == {
        ("stream/orders", "retention"): "change",
        ("stream/orders", "max_record_size"): "change",
        ("stream/clicks", ""): "same",
        ("stream/new", ""): "new",
    }


@pytest.mark.parametrize(
    ("orders", "what", "way_out"),
    [
        ({**ORDERS, "retention": "24h"}, "retention", "streamops stream retention orders"),
        ({**ORDERS, "shards": 3}, "shards", "streamops stream reshard orders --to 3"),
        ({"mode": "on-demand", "retention": "48h"}, "mode", "streamops stream mode orders"),
        ({**ORDERS, "name": "other"}, "name", "write name: "),
    ],
)
def test_what_a_guard_holds_back_is_refused_with_the_command_that_does_it(project, environment, orders, what, way_out):
    project.write(environment, streams={"orders": orders, "clicks": CLICKS})
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    assert rows(outcome)["stream/orders", what] == "blocked"
    assert [error["code"] for error in outcome.answer["errors"]] == ["refused"]
    assert way_out in outcome.stderr

    allowed = project.run("env", "preflight", "-e", environment, "--allow", f"{what}:stream/orders", "-o", "json")
    assert (allowed.exit_code, allowed.answer["status"]) == (0, "changes")
    assert rows(allowed)["stream/orders", what] == "allowed"


def test_the_live_state_counts_and_not_the_template(project, environment, aws):
    """The template says 48 hours and 2 shards, as the file does; somebody has changed the stream since."""
    kinesis, name = aws.client("kinesis"), f"{environment}-orders"
    kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=100)
    kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert outcome.exit_code == 7
    assert rows(outcome)["stream/orders", "retention"] == "blocked"
    assert rows(outcome)["stream/orders", "shards"] == "blocked"


@pytest.mark.parametrize(
    ("orders", "live", "verdict"),
    [
        ({"autoscale": {"min": 1, "max": 4}}, 4, "left"),
        ({"autoscale": {"min": 1, "max": 3}}, 4, "blocked"),
        ({"autoscale": {"min": 1, "max": 4}, "shards": 3}, 4, "blocked"),
        ({"autoscale": {"min": 1, "max": 4}, "max_record_size": "2MiB"}, 4, "blocked"),
        ({}, 4, "blocked"),
    ],
)
def test_shards_that_the_load_decides_on_are_left_while_a_deploy_changes_nothing_of_the_stream(
    project, environment, aws, orders, live, verdict
):
    project.write(environment, streams={"orders": {**ORDERS, **orders}, "clicks": CLICKS})
    name = f"{environment}-orders"
    aws.client("kinesis").update_shard_count(StreamName=name, TargetShardCount=live, ScalingType="UNIFORM_SCALING")
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert rows(outcome)["stream/orders", "shards"] == verdict
    assert outcome.exit_code == (7 if verdict == "blocked" else 0)


@pytest.mark.parametrize(("keep", "fate"), [(False, "is deleted with all that it holds"), (True, "stays")])
def test_a_stream_that_has_left_the_file_is_held_back(project, aws, keep, fate):
    name = project.write(streams={"clicks": CLICKS})
    deploy(aws, name, keep=keep)
    outcome = project.run("env", "preflight", "-e", name, "-o", "json")
    assert outcome.exit_code == 7
    assert rows(outcome) == {("stream/clicks", ""): "same", ("stream/orders", "removal"): "blocked"}
    assert f"{name}-orders {fate}" in outcome.stderr
    assert project.run("env", "preflight", "-e", name, "--allow", "removal:stream/orders").exit_code == 0


def test_one_finding_that_is_allowed_lets_no_other_pass(project, environment):
    project.write(environment, streams={"orders": {**ORDERS, "retention": "24h", "shards": 3}})
    outcome = project.run("env", "preflight", "-e", environment, "--allow", "retention:stream/orders", "-o", "json")
    assert outcome.exit_code == 7
    assert rows(outcome) == {
        ("stream/orders", "retention"): "allowed",
        ("stream/orders", "shards"): "blocked",
        ("stream/clicks", "removal"): "blocked",
    }


def test_what_is_allowed_and_not_found_is_said(project, environment):
    outcome = project.run("env", "preflight", "-e", environment, "--allow", "retention:stream/order")
    assert outcome.exit_code == 0
    assert "retention:stream/order lets nothing pass" in outcome.stderr


def test_another_short_name_for_the_same_stream_would_fail_the_deploy_and_is_held_back(project, environment):
    project.write(environment, streams={"payments": {**ORDERS, "name": f"{environment}-orders"}, "clicks": CLICKS})
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert outcome.exit_code == 7
    assert rows(outcome)["stream/payments", "short-name"] == "blocked"


def test_records_that_would_lose_their_order_are_held_back(project, environment):
    project.write(environment, streams={"orders": ORDERS, "clicks": {**CLICKS, "distribution": "auto"}})
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert rows(outcome)["stream/clicks", "distribution"] == "blocked"


def test_the_key_of_an_environment_does_not_go_unseen(project, environment, aws):
    body = template(environment, "security", keep=True, key=("AWS::KMS::Key", {"KeyPolicy": {"Statement": []}}))
    aws.client("cloudformation").create_stack(StackName=f"{environment}-security", TemplateBody=body)
    outcome = project.run("env", "preflight", "-e", environment, "-o", "json")
    assert outcome.exit_code == 7
    assert rows(outcome)["security/key", "removal"] == "blocked"


@pytest.mark.usefixtures("aws")
def test_topics_meet_the_guards_of_their_own_commands(project, kafka, broker, topic):
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics(
            {topic: {"num_partitions": 4, "replication_factor": 1, "configs": {"retention.ms": str(7 * 86_400_000)}}},
            wait_for_metadata=True,
        )

    def declare(**keys: Any) -> str:
        return str(project.write(kafka=kafka, topics={"orders": {"replication": 1, "name": topic, **keys}}))

    same = project.run("env", "preflight", "-e", declare(partitions=4, retention="7d"), "-o", "json")
    assert rows(same) == {("topic/orders", ""): "same"}

    longer = project.run("env", "preflight", "-e", declare(partitions=6, retention="8d"), "-o", "json")
    assert longer.exit_code == 0
    assert rows(longer) == {("topic/orders", "partitions"): "left", ("topic/orders", "retention"): "left"}

    shorter = project.run("env", "preflight", "-e", declare(partitions=2, retention="6d"), "-o", "json")
    assert shorter.exit_code == 7
    assert rows(shorter) == {("topic/orders", "partitions"): "blocked", ("topic/orders", "retention"): "blocked"}


@pytest.mark.usefixtures("aws")
def test_a_cluster_out_of_reach_is_an_error_that_no_topics_takes_away(project):
    name = project.write(topics={"orders": {"partitions": 1}}, streams={"clicks": CLICKS})
    outcome = project.run("env", "preflight", "-e", name, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (1, "error")
    assert "--no-topics" in outcome.stderr
    without = project.run("env", "preflight", "-e", name, "--no-topics", "-o", "json")
    assert (without.exit_code, rows(without)) == (0, {("stream/clicks", ""): "new"})
