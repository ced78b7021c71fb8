"""What an interrupted reassignment leaves, and how the next run finds it."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from cli.cluster import LiveTopic
from cli.reassignment import change, execution
from cli.reassignment.throttle import REPLICAS, read_throttles
from sandbox.waiting import wait_until

BROKERS = (1, 2, 3)


@pytest.fixture
def environment(project, three_brokers, topic):
    return project.write(
        kafka=three_brokers.kafka,
        topics={"orders": {"name": topic, "partitions": 4, "replication": 2, "retention": "infinite"}},
    )


@pytest.fixture
def orders(admin, three_brokers, topic):
    """Four partitions on brokers 1 and 2, with 400 KB each."""
    admin.create_topics({topic: {"assignments": {0: [1, 2], 1: [2, 1], 2: [1, 2], 3: [2, 1]}}}, wait_for_metadata=True)
    with KafkaProducer(bootstrap_servers=three_brokers.bootstrap, linger_ms=20) as producer:
        for number in range(32):
            producer.send(topic, value=b"." * 50_000, partition=number % 4)
    yield topic
    admin.delete_topics([topic])


@pytest.fixture
def interrupt(monkeypatch):
    """Has Ctrl-C pressed when the given number of waits is over, and lets waits be short from then on."""

    def after(waits: int) -> None:
        left = [waits]

        def pause(_: float) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            time.sleep(0.05)

        monkeypatch.setattr(execution, "pause", pause)

    return after


def replicas(topic: LiveTopic) -> Counter[tuple[int, ...]]:
    return Counter(each.replicas for each in topic.partitions)


def test_interrupted_it_goes_on_by_itself_and_the_next_run_finishes_and_cleans_up(
    project, environment, orders, cluster, interrupt
):
    command = ("topic", "reassign", "orders", "--off", "2", "--batch", "2", "-e", environment)
    interrupt(2)
    first = project.run(*command, "--throttle", "16KiB/s", "--yes", "-o", "json")
    assert (first.exit_code, first.answer["status"]) == (130, "partial")
    assert "--off 2 --throttle 16KiB/s --batch 2" in first.answer["errors"][0]["way_out"]
    assert "what is under way goes on" in first.stderr
    assert read_throttles(cluster, [orders], BROKERS).topics

    interrupt(-1)
    planned = project.run(*command, "--dry-run", "-o", "json").plan["operations"]
    assert [each["kind"] for each in planned] == ["finish-reassignment", "reassign-partitions", "clear-throttle"]
    assert [len(each.get("replicas", ())) for each in planned] == [2, 2, 0]

    # what is under way may be given another throttle
    done = project.run(*command, "--throttle", "64MiB/s", "--yes", "-o", "json")
    kinds = [each["kind"] for each in done.plan["operations"]]
    assert kinds == ["set-throttle", "finish-reassignment", "reassign-partitions", "clear-throttle"]
    assert (done.exit_code, done.answer["status"]) == (0, "applied"), done.stderr
    assert replicas(cluster.topics([orders])[orders]) == {(1, 3): 2, (3, 1): 2}
    left = read_throttles(cluster, [orders], BROKERS)
    assert (left.topics, left.brokers) == ({}, {})
    assert "nothing to do" in project.run(*command).stdout


@pytest.mark.usefixtures("orders")
def test_a_reassignment_of_another_topic_is_waited_for_by_nobody_and_stops_the_next(
    project, environment, three_brokers, admin, cluster, topic, interrupt
):
    other = f"{topic}-other"
    admin.create_topics({other: {"assignments": {0: [1]}}}, wait_for_metadata=True)
    others = project.write(
        kafka=three_brokers.kafka, topics={"other": {"name": other, "partitions": 1, "replication": 2}}
    )
    with KafkaProducer(bootstrap_servers=three_brokers.bootstrap) as producer:
        for _ in range(20):
            producer.send(other, b"." * 50_000)
    interrupt(1)
    slow = ("topic", "reassign", "other", "--replication", "2", "--throttle", "32KiB/s", "-e", others)
    assert project.run(*slow, "--yes", "--no-write-back").exit_code == 130

    interrupt(-1)
    command = ("topic", "reassign", "orders", "--off", "2", "-e", environment)
    refused = project.run(*command, "--yes")
    assert refused.exit_code == 7
    assert "1 partition is being reassigned" in refused.stderr
    assert "--allow-unhealthy" in refused.stderr
    assert project.run(*command, "--allow-unhealthy", "--yes").exit_code == 0
    assert f"left alone unless --all is given: {other}" in project.run(*command, "--dry-run").stdout

    quick = ("--throttle", "64MiB/s", "--yes")
    assert project.run("topic", "reassign", "other", "-e", others, *quick).exit_code == 0
    assert read_throttles(cluster, [other], BROKERS).topics == {}
    admin.delete_topics([other])


def test_without_waiting_all_is_begun_and_the_next_run_waits_for_it(project, environment, orders, cluster):
    command = ("topic", "reassign", "orders", "--off", "1", "-e", environment)
    assert project.run(*command, "--yes", "--no-wait").exit_code == 0
    done = project.run(*command, "--yes")
    assert done.exit_code == 0, done.stderr
    assert replicas(cluster.topics([orders])[orders]) == {(2, 3): 2, (3, 2): 2}
    refused = project.run(*command, "--throttle", "1MiB/s", "--no-wait", "--yes")
    assert refused.exit_code == 2


def test_throttled_replicas_that_were_left_are_found_and_a_standing_rule_is_not_touched(
    project, environment, orders, admin, cluster
):
    leaders, followers = REPLICAS
    entries = {leaders: "*", followers: "0:1,1:2"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, orders, entries)], incremental=True)
    command = ("topic", "reassign", "orders", "-e", environment)
    assert project.run(*command, "--dry-run").exit_code == 3
    cleaned = project.run(*command, "--yes", "-o", "json")
    assert [each["kind"] for each in cleaned.plan["operations"]] == ["clear-throttle"]
    settings = cluster.topics([orders])[orders].settings
    assert (settings[leaders].value, settings[followers].own) == ("*", False)
    assert "nothing to do" in project.run(*command).stdout


def test_no_batch_follows_one_that_left_the_cluster_unwell(
    project, environment, orders, cluster, interrupt, monkeypatch
):
    interrupt(-1)
    monkeypatch.setattr(execution, "GATE_SECONDS", 0.0)
    monkeypatch.setattr(change, "problems", lambda *_, **__: ["1 partition is under-replicated (others-0)"])
    command = ("topic", "reassign", "orders", "--off", "2", "--batch", "2", "-e", environment)
    stopped = project.run(*command, "--yes", "-o", "json")
    assert (stopped.exit_code, stopped.plan["done"]) == (6, 1)
    assert "others-0" in stopped.answer["errors"][0]["message"]

    def moved() -> int:
        return sum(replicas(cluster.topics([orders])[orders])[each] for each in ((1, 3), (3, 1)))

    wait_until(lambda: moved() >= 2, timeout_seconds=10)  # a broker hears of it after the controller does
    assert moved() == 2
    # switched off, the gate lets the same cluster pass
    assert project.run(*command, "--allow-unhealthy", "--yes").exit_code == 0


def test_a_move_that_somebody_cancels_is_no_success(project, environment, orders, admin, monkeypatch):
    def cancel(_: float) -> None:
        running = admin.list_partition_reassignments()
        admin.alter_partition_reassignments(dict.fromkeys(running))

    command = ("topic", "reassign", "orders", "--off", "2", "--throttle", "32KiB/s", "-e", environment)
    with monkeypatch.context() as patch:
        patch.setattr(execution, "pause", cancel)
        patch.setattr(execution, "TOLD_SECONDS", 1.0)
        stopped = project.run(*command, "--yes")
    assert stopped.exit_code == 6
    assert "rather than" in stopped.stderr
    monkeypatch.setattr(execution, "pause", lambda _: time.sleep(0.05))
    assert project.run(*command[:-4], "-e", environment, "--yes").exit_code == 0
    assert not admin.list_partition_reassignments([TopicPartition(orders, 0)])
