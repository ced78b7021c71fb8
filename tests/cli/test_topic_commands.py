"""``streamops topic`` against a real broker."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError
from kafka.structs import OffsetAndMetadata

from cli.cluster import Cluster, retrying
from cli.errors import UnreachableError
from cli.kafka import check_reachable

ORDERS = {"partitions": 3, "replication": 1, "retention": "7d", "config": {"segment.ms": 3_600_000}}


@pytest.fixture
def admin(broker):
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        yield admin


@pytest.fixture
def environment(project, kafka, topic):
    """Declares one topic, ``orders``, which is not on the cluster yet."""
    return project.write(
        kafka=kafka,
        topics={"orders": {**ORDERS, "name": topic}},
        streams={"orders": {"mode": "on-demand"}},
        routes={"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )


def test_sync_creates_what_is_declared_and_the_second_run_finds_nothing_to_do(project, environment, admin, topic):
    first = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (first.exit_code, first.answer["status"]) == (0, "applied")
    assert [operation["kind"] for operation in first.plan["operations"]] == ["create-topic"]

    (described,) = admin.describe_topics([topic])
    assert len(described["partitions"]) == 3

    listed = project.run("topic", "list", "-e", environment, "-o", "json").items[0]
    assert (listed["status"], listed["retention"], listed["differences"]) == ("ok", "7d", [])

    second = project.run("topic", "sync", "orders", "-e", environment, "-o", "json")
    assert (second.exit_code, second.answer["status"]) == (0, "none")
    assert "nothing to do" in project.run("topic", "sync", "orders", "-e", environment).stdout


def test_a_dry_run_creates_nothing_and_exits_with_3(project, environment, admin, topic):
    outcome = project.run("topic", "sync", "-e", environment, "--dry-run")
    assert outcome.exit_code == 3
    assert "create-topic" in outcome.stdout
    assert topic not in admin.list_topics()


def test_without_a_terminal_sync_asks_for_yes_and_creates_nothing(project, environment, admin, topic):
    outcome = project.run("topic", "sync", "-e", environment)
    assert outcome.exit_code == 1
    assert "add --yes" in outcome.stderr
    assert "create-topic" in outcome.stdout
    assert topic not in admin.list_topics()


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1)])
def test_sync_asks_before_it_creates(project, environment, admin, topic, monkeypatch, typed, code):
    monkeypatch.setattr("cli.change.interactive", lambda: True)
    assert project.run("topic", "sync", "-e", environment, input=typed).exit_code == code
    assert (topic in admin.list_topics()) == (code == 0)


def test_topics_that_nobody_declared_are_named_and_left_alone(project, environment, admin, topic):
    admin.create_topics({f"{topic}-other": {"num_partitions": 1, "replication_factor": 1}})
    outcome = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert outcome.exit_code == 0
    assert f"{topic}-other" in outcome.plan["warnings"][0]
    assert f"{topic}-other" in admin.list_topics()


def test_what_the_cluster_would_refuse_is_refused_before_anything_is_created(project, kafka, admin, topic):
    environment = project.write(
        kafka=kafka,
        topics={
            "good": {"partitions": 1, "replication": 1, "name": topic},
            "bad": {"partitions": 1, "replication": 3, "name": f"{topic}-bad"},
        },
    )
    outcome = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    assert "replication factor" in outcome.stderr
    assert not {topic, f"{topic}-bad"} & set(admin.list_topics())


def test_a_saved_plan_is_applied_later(project, environment, admin, topic, tmp_path):
    file = str(tmp_path / "plan.json")
    assert project.run("topic", "sync", "-e", environment, "--save", file).exit_code == 3
    assert topic not in admin.list_topics()
    applied = project.run("apply", file, "-o", "json")
    assert (applied.exit_code, applied.answer["status"]) == (0, "applied")
    assert topic in admin.list_topics()


def test_a_saved_plan_is_refused_when_the_topic_was_created_meanwhile(project, environment, admin, topic, tmp_path):
    file = str(tmp_path / "plan.json")
    project.run("topic", "sync", "-e", environment, "--save", file)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    outcome = project.run("apply", file, "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "stale-plan"
    assert len(admin.describe_topics([topic])[0]["partitions"]) == 1


def test_describe_shows_partitions_settings_and_the_lag_of_the_routes(project, environment, admin, topic, broker):
    project.run("topic", "sync", "-e", environment, "--yes")
    produce(broker, topic, {0: 10, 1: 5, 2: 0})
    group = f"streamops-{environment}-orders-to-stream"
    offsets = {TopicPartition(topic, 0): OffsetAndMetadata(4, "", -1)}
    retrying(lambda: admin.alter_group_offsets(group, offsets))

    item = project.run("topic", "describe", "orders", "-e", environment, "-o", "json").items[0]
    assert item["records"] == 15
    assert [(p["partition"], p["end"], p["leader"]) for p in item["partition_details"]] == [
        (0, 10, 1),
        (1, 5, 1),
        (2, 0, 1),
    ]
    (reader,) = item["groups"]
    assert (reader["group"], reader["lag"]) == (group, 11)
    assert [(p["committed"], p["lag"]) for p in reader["partitions"]] == [(4, 6), (None, 5), (None, 0)]
    settings = {setting["name"]: setting for setting in item["settings"]}
    assert settings["segment.ms"]["source"] == "dynamic-topic-config"
    assert settings["cleanup.policy"]["source"] == "default-config"

    shown = project.run("topic", "describe", "orders", "-e", environment).stdout
    assert group in shown
    assert "as declared" in shown


def test_describing_a_missing_topic_says_how_to_create_it_and_does_not(project, environment, admin, topic):
    outcome = project.run("topic", "describe", "orders", "-e", environment)
    assert outcome.exit_code == 1
    assert f"streamops topic sync orders -e {environment}" in outcome.stderr
    assert topic not in admin.list_topics()


def test_list_names_a_declared_topic_that_is_missing(project, environment):
    assert project.run("topic", "list", "-e", environment, "-o", "json").items[0]["status"] == "missing"


@pytest.mark.parametrize("command", [["list"], ["sync"], ["describe", "orders"]])
def test_a_broker_that_is_not_there_is_told_within_ten_seconds(project, command):
    name = project.write(topics={"orders": {"partitions": 1}})
    began = time.monotonic()
    outcome = project.run("topic", *command, "-e", name, "-o", "json")
    assert time.monotonic() - began < 10
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "unreachable"
    assert "127.0.0.1:1" in outcome.stderr


def test_the_address_of_the_brokers_can_be_an_ssm_parameter(project, kafka, aws, topic):
    aws.client("ssm").put_parameter(Name=f"/{topic}/bootstrap", Type="String", Value=kafka["bootstrap"])
    name = project.write(
        kafka={**kafka, "bootstrap": f"ssm:/{topic}/bootstrap"}, topics={"orders": {**ORDERS, "name": topic}}
    )
    assert project.run("topic", "list", "-e", name).exit_code == 0


@pytest.mark.usefixtures("aws")
def test_an_ssm_parameter_that_is_not_there_is_named_with_the_way_to_create_it(project):
    name = project.write(kafka={"kind": "external", "bootstrap": "ssm:/nobody/bootstrap", "tls": False})
    outcome = project.run("topic", "list", "-e", name)
    assert outcome.exit_code == 1
    assert "aws ssm put-parameter" in outcome.stderr


@pytest.mark.usefixtures("aws")
def test_a_cluster_that_is_not_deployed_yet_is_told_with_the_command_that_does_it(project):
    name = project.write(kafka={"kind": "msk", "brokers": 2})
    outcome = project.run("topic", "list", "-e", name)
    assert outcome.exit_code == 1
    assert f"the Kafka cluster of environment {name} is not deployed" in outcome.stderr
    assert f"npx cdk deploy '{name}/*'" in outcome.stderr


def produce(broker, topic: str, counts: dict[int, int]) -> None:
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for partition, count in counts.items():
            for number in range(count):
                producer.send(topic, str(number).encode(), partition=partition)
        producer.flush()


def test_a_listener_that_never_answers_is_told_within_ten_seconds(project):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bootstrap = f"127.0.0.1:{silent.getsockname()[1]}"
        name = project.write(kafka={"kind": "external", "bootstrap": bootstrap, "tls": False})
        began = time.monotonic()
        outcome = project.run("topic", "list", "-e", name)
        assert time.monotonic() - began < 10
    assert outcome.exit_code == 1
    assert bootstrap in outcome.stderr


def test_encryption_that_the_broker_does_not_speak_is_told_with_what_to_check(project, kafka):
    name = project.write(kafka={**kafka, "tls": True})
    outcome = project.run("topic", "list", "-e", name)
    assert outcome.exit_code == 1
    assert "kafka.tls" in outcome.stderr


def test_several_brokers_that_drop_every_packet_are_told_within_ten_seconds(project):
    with ExitStack() as stack:
        addresses = [stack.enter_context(full_listener()) for _ in range(6)]
        name = project.write(kafka={"kind": "external", "bootstrap": ",".join(addresses), "tls": False})
        began = time.monotonic()
        outcome = project.run("topic", "list", "-e", name)
        assert time.monotonic() - began < 10
    assert outcome.exit_code == 1
    assert all(f"{address} (timed out)" in outcome.stderr for address in addresses)


@contextmanager
def full_listener() -> Iterator[str]:
    """The address of a listener whose queue is full: the kernel drops what comes next, as a firewall does."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_port_that_cannot_be_one_is_told_as_such():
    with pytest.raises(UnreachableError, match="too large"):
        check_reachable(f"127.0.0.1:{10**30}", None, "")


@pytest.mark.usefixtures("aws")
def test_the_address_of_the_brokers_is_never_taken_from_another_account(project, kafka, aws, admin, topic):
    aws.client("ssm").put_parameter(Name=f"/{topic}/bootstrap", Type="String", Value=kafka["bootstrap"])
    declared = {
        "kafka": {**kafka, "bootstrap": f"ssm:/{topic}/bootstrap"},
        "topics": {"orders": {**ORDERS, "name": topic}},
    }
    foreign = project.write(account="210987654321", **declared)
    for command in (["sync", "--yes"], ["list"], ["describe", "orders"]):
        outcome = project.run("topic", *command, "-e", foreign, "-o", "json")
        assert outcome.exit_code == 4
        assert outcome.answer["errors"][0]["code"] == "not-authenticated"
        assert "210987654321" in outcome.stderr
    assert topic not in admin.list_topics()
    assert project.run("topic", "sync", "-e", project.write(**declared), "--yes").exit_code == 0


@pytest.mark.parametrize(("options", "waits"), [([], True), (["--no-wait"], False)])
def test_sync_waits_for_its_topics_unless_it_is_told_not_to(project, environment, topic, monkeypatch, options, waits):
    waited = []
    monkeypatch.setattr(Cluster, "wait_until_ready", lambda _, names: waited.extend(names))
    assert project.run("topic", "sync", "-e", environment, "--yes", *options).exit_code == 0
    assert waited == ([topic] if waits else [])


def test_a_topic_that_was_created_and_does_not_become_ready_is_told_as_created(
    project, environment, admin, topic, monkeypatch
):
    def never(*_: object) -> None:
        raise KafkaTimeoutError("no leader")

    monkeypatch.setattr(Cluster, "wait_until_ready", never)
    outcome = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"], outcome.plan["done"]) == (6, "partial", 1)
    assert "no leader" in outcome.stderr
    assert topic in admin.list_topics()
