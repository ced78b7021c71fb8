"""``topic delete``: only what is declared, unused and named."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from cli.cluster import retrying
from tests.cli.topics.conftest import KEYED


@contextmanager
def member(broker, group: str, name: str, protocol: str):
    """A consumer that stays in its group."""
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": group,
            "group.protocol": protocol,
            "enable.auto.commit": False,
        }
    )
    joined, done = threading.Event(), threading.Event()
    consumer.subscribe([name], on_assign=lambda *_: joined.set())

    def poll() -> None:
        while not done.is_set():
            consumer.poll(0.1)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        assert joined.wait(30)
        yield
    finally:
        done.set()
        thread.join()
        consumer.close()


def test_a_topic_is_deleted_when_it_is_named_and_no_longer_declared_then(project, declare, make, produce, admin):
    name = make()
    produce(name, count=7)
    environment = declare({"topics": {"other": {"partitions": 1, "replication": 1, "name": f"{name}-other"}}})
    command = ("topic", "delete", "orders", "-e", environment)
    for options in (["--yes"], ["--yes", "--confirm", "other"]):
        refused = project.run(*command, *options)
        assert (refused.exit_code, name in admin.list_topics()) == (7, True)
        assert "up to 7 records go" in refused.stdout
    outcome = project.run(*command, "--confirm", "orders", "--write-back", "-o", "json")
    assert (outcome.exit_code, name in admin.list_topics()) == (0, False)
    assert "orders" not in (project.folder / f"{environment}.yaml").read_text()
    assert project.run("topic", "list", "-e", environment).exit_code == 0


def test_the_only_topic_takes_its_section_of_the_file_with_it(project, declare, make):
    make()
    environment = declare()
    assert (
        project.run("topic", "delete", "orders", "-e", environment, "--confirm", "orders", "--write-back").exit_code
        == 0
    )
    assert "topics" not in (project.folder / f"{environment}.yaml").read_text()


def test_a_topic_that_a_route_uses_is_kept(project, declare, make, admin):
    name = make()
    outcome = project.run("topic", "delete", "orders", "-e", declare(KEYED), "--confirm", "orders")
    assert (outcome.exit_code, name in admin.list_topics()) == (7, True)
    assert "route orders-to-stream uses it" in outcome.stderr


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_topic_that_a_group_reads_is_kept_though_it_has_committed_nothing(
    project, declare, make, admin, broker, protocol
):
    name = make(partitions=1)
    with member(broker, f"{name}-readers", name, protocol):
        outcome = project.run("topic", "delete", "orders", "-e", declare(), "--confirm", "orders")
    assert (outcome.exit_code, name in admin.list_topics()) == (7, True)
    assert f"group {name}-readers reads it with 1 member" in outcome.stderr


def test_a_group_without_members_is_named_and_does_not_hold_the_topic(project, declare, make, admin):
    name = make()
    retrying(lambda: admin.alter_group_offsets(f"{name}-old", {TopicPartition(name, 0): OffsetAndMetadata(0, "", -1)}))
    outcome = project.run("topic", "delete", "orders", "-e", declare(), "--confirm", "orders", "-o", "json")
    assert outcome.exit_code == 0
    assert f"{name}-old" in outcome.plan["warnings"][0]


def test_a_topic_that_nobody_declared_is_kept(project, declare, make, admin):
    name = make("-other")
    outcome = project.run("topic", "delete", name, "-e", declare(), "--confirm", name)
    assert (outcome.exit_code, name in admin.list_topics()) == (7, True)
    assert "is not declared" in outcome.stderr


def test_kafkas_own_topics_are_kept(project, declare, admin):
    retrying(lambda: admin.alter_group_offsets("any", {TopicPartition("t", 0): OffsetAndMetadata(0, "", -1)}))
    command = ("topic", "delete", "__consumer_offsets", "-e", declare(), "--confirm", "__consumer_offsets")
    outcome = project.run(*command)
    assert outcome.exit_code == 7
    assert "Kafka's own" in outcome.stderr
    assert "__consumer_offsets" in admin.list_topics()


def test_what_is_neither_declared_nor_there_is_not_found(project, declare):
    outcome = project.run("topic", "delete", "ordres", "-e", declare())
    assert outcome.exit_code == 1
    assert "did you mean orders?" in outcome.stderr
