"""``streamops topic reassign`` against three real brokers."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from ruamel.yaml import YAML

from cli.cluster import Cluster, LiveTopic
from cli.cluster_health import problems
from cli.reassignment import execution
from cli.reassignment.throttle import read_throttles


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(execution, "POLL_SECONDS", 0.1)


@pytest.fixture
def environment(project, three_brokers, topic):
    return project.write(
        kafka=three_brokers.kafka,
        topics={"orders": {"name": topic, "partitions": 4, "replication": 2, "retention": "infinite"}},
    )


@pytest.fixture
def make(admin, topic):
    """Creates the topic with the replicas of each partition."""

    def made(*replicas: list[int], **config: str) -> None:
        assignments = {index: list(brokers) for index, brokers in enumerate(replicas)}
        admin.create_topics({topic: {"assignments": assignments, "configs": config}}, wait_for_metadata=True)

    yield made
    admin.delete_topics([topic])


@pytest.fixture
def layout(cluster, topic):
    return lambda: [each.replicas for each in cluster.topics([topic])[topic].partitions]


def fill(bootstrap: str, topic: str, partitions: int, size: int = 50_000) -> None:
    with KafkaProducer(bootstrap_servers=bootstrap, linger_ms=20) as producer:
        for number in range(8 * partitions):
            producer.send(topic, value=f"{number}".encode().ljust(size, b"."), partition=number % partitions)


def read(bootstrap: str, topic: str, partitions: int) -> Counter[int]:
    with KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=3000) as consumer:
        consumer.assign([TopicPartition(topic, index) for index in range(partitions)])
        return Counter(int(record.value.rstrip(b".")) for record in consumer)


def test_a_topic_that_is_deleted_while_health_is_read_is_no_problem(cluster, make, monkeypatch):
    make([1, 2])
    monkeypatch.setattr(LiveTopic, "under_replicated", (0,))
    monkeypatch.setattr(
        cluster.admin, "describe_configs", lambda named, **_: {"topic": {each.name: {} for each in named}}
    )
    assert problems(cluster) == []


def test_where_no_broker_tells_a_size_the_plan_says_so(project, environment, make, monkeypatch):
    make([1], [2])
    monkeypatch.setattr(Cluster, "log_dirs", lambda *_: [])
    planned = project.run("topic", "reassign", "orders", "--replication", "2", "-n", "-e", environment)
    assert planned.exit_code == 3
    assert "do not tell the size of partitions that are copied: 2" in planned.stdout


def test_more_replicas_lie_in_other_racks_lose_no_record_and_are_written_into_the_file(
    project, environment, three_brokers, make, layout, topic
):
    make([1], [1], [2], [3])
    fill(three_brokers.bootstrap, topic, 4)
    run = ("topic", "reassign", "orders", "--replication", "3", "-e", environment)
    done = project.run(*run, "--yes", "--write-back", "-o", "json")
    assert (done.exit_code, done.answer["status"]) == (0, "applied"), done.stderr
    assert [set(each) for each in layout()] == [{1, 2, 3}] * 4
    assert [each[0] for each in layout()] == [1, 1, 2, 3]
    assert done.plan["summary"]["replicas_copied"] == 8
    assert done.plan["summary"]["bytes_copied"] > 8 * 8 * 50_000
    assert read(three_brokers.bootstrap, topic, 4) == Counter(range(32))
    file = YAML(typ="safe").load((project.folder / f"{environment}.yaml").read_text())
    assert file["topics"]["orders"]["replication"] == 3
    again = project.run(*run)
    assert (again.exit_code, "nothing to do" in again.stdout) == (0, True)


def test_while_partitions_move_no_one_has_fewer_replicas_in_sync_than_it_began_with(
    project, environment, three_brokers, make, cluster, monkeypatch, topic
):
    make([1, 2], [2, 1], [1, 2], [2, 1])
    fill(three_brokers.bootstrap, topic, 4)
    least = []

    def watching(_):
        least.append(min(len(each.in_sync) for each in cluster.topics([topic])[topic].partitions))

    monkeypatch.setattr(execution, "pause", watching)
    run = ("topic", "reassign", "orders", "--off", "2", "--throttle", "512KiB/s", "-e", environment)
    done = project.run(*run, "--yes")
    assert done.exit_code == 0, done.stderr
    assert least
    assert min(least) == 2


def test_a_broker_is_left_in_batches_and_what_stays_on_it_is_named(project, environment, make, layout, admin, topic):
    make([1, 3], [3, 2], [3, 1], [1, 2])
    other = f"{topic}-other"
    admin.create_topics({other: {"assignments": {0: [3]}}}, wait_for_metadata=True)
    run = ("topic", "reassign", "orders", "--off", "3", "--batch", "2", "-e", environment)
    planned = project.run(*run, "--dry-run", "-o", "json")
    assert planned.exit_code == 3
    moves = [operation for operation in planned.plan["operations"] if operation["kind"] == "reassign-partitions"]
    assert [len(operation["replicas"]) for operation in moves] == [2, 1]
    assert any("unless --all is given" in text and other in text for text in planned.plan["warnings"])

    assert project.run(*run, "--yes").exit_code == 0
    assert all(3 not in each for each in layout())
    assert layout()[3] == (1, 2)
    admin.delete_topics([other])


def test_balancing_uses_a_broker_that_holds_nothing_and_lets_preferred_replicas_lead(
    project, environment, make, cluster, topic
):
    make([1, 2], [1, 2], [1, 2], [1, 2])
    done = project.run("topic", "reassign", "orders", "--balance", "-e", environment, "--yes")
    assert done.exit_code == 0, done.stderr
    partitions = cluster.topics([topic])[topic].partitions
    held = Counter(broker for each in partitions for broker in each.replicas)
    assert sorted(held.values()) == [2, 3, 3]
    assert sorted(Counter(each.replicas[0] for each in partitions).values()) == [1, 1, 2]
    assert [each.leader for each in partitions] == [each.replicas[0] for each in partitions]
    assert "nothing to do" in project.run("topic", "reassign", "orders", "--balance", "-e", environment).stdout


def test_a_saved_plan_is_carried_out_and_refused_when_replicas_have_moved_since(
    project, environment, make, layout, tmp_path
):
    make([1, 2])
    file = tmp_path / "plan.json"
    run = ("topic", "reassign", "orders", "--off", "2", "-e", environment)
    assert project.run(*run, "--save", str(file)).exit_code == 3
    assert project.run("apply", str(file)).exit_code == 0
    assert layout() == [(1, 3)]
    stale = project.run("apply", str(file))
    assert stale.exit_code == 1
    assert "has changed since" in stale.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--replication", "4"], "4 replicas need 4 brokers"),
        (["--replication", "1"], "min.insync.replicas=2"),
        (["--off", "1", "--off", "2"], "2 replicas need 2 brokers, and there are 1"),
    ],
)
def test_what_cannot_work_is_refused(project, environment, make, layout, options, told):
    make([1, 2], **{"min.insync.replicas": "2"})
    refused = project.run("topic", "reassign", "orders", *options, "-e", environment, "--yes")
    assert refused.exit_code == 7
    assert told in refused.stderr
    assert layout() == [(1, 2)]


def test_a_partition_is_left_with_one_copy_only_where_its_topic_is_named(project, environment, make, layout):
    make([1, 2])
    run = ("topic", "reassign", "orders", "--replication", "1", "-e", environment)
    assert project.run(*run, "--yes").exit_code == 7
    assert project.run(*run, "--confirm", "orders").exit_code == 0
    assert layout() == [(1,)]


def test_a_broker_that_nobody_knows_is_an_error(project, environment, make):
    make([1, 2])
    outcome = project.run("topic", "reassign", "orders", "--off", "9", "-e", environment)
    assert (outcome.exit_code, "brokers: 1, 2, 3" in outcome.stderr) == (1, True)


def test_a_dead_broker_is_told_and_left_for_good_with_off(
    project, environment, three_brokers, make, layout, cluster, topic
):
    make([1, 3], [3, 2], [2, 1], [1, 2], **{"min.insync.replicas": "2"})
    fill(three_brokers.bootstrap, topic, 4, size=100)
    three_brokers.kill(3)
    try:
        refused = project.run("topic", "reassign", "orders", "--balance", "-e", environment, "--yes")
        assert refused.exit_code == 7
        assert "broker 3 holds replicas and is not there" in refused.stderr
        assert "under min.insync.replicas" in " ".join(problems(cluster))

        done = project.run("topic", "reassign", "orders", "--off", "3", "-e", environment, "--yes", "-o", "json")
        assert done.exit_code == 0, json.dumps(done.answer["errors"])
        assert [set(each) for each in layout()] == [{1, 2}] * 4
        assert read(three_brokers.bootstrap, topic, 4) == Counter(range(32))
    finally:
        three_brokers.start(3)
        three_brokers.wait_for({1, 2, 3})


def test_the_throttle_holds_while_partitions_move_and_is_gone_afterwards(
    project, environment, three_brokers, make, cluster, monkeypatch, topic
):
    make([1], [2])
    fill(three_brokers.bootstrap, topic, 2)
    seen = []
    monkeypatch.setattr(execution, "pause", lambda _: seen.append(read_throttles(cluster, [topic], [1, 2, 3])))
    run = ("topic", "reassign", "orders", "--replication", "2", "--throttle", "256KiB/s", "-e", environment)
    assert project.run(*run, "--yes", "--no-write-back").exit_code == 0
    leaders, followers = seen[0].topics[topic].values()
    assert (set(leaders), len(followers)) == ({"0:1", "1:2"}, 2)
    assert set(seen[0].brokers.values()) == {256 * 1024}
    after = read_throttles(cluster, [topic], [1, 2, 3])
    assert (after.topics, after.brokers) == ({}, {})
