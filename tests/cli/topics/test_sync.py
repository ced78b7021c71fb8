"""``topic sync`` on topics that exist: what differs is changed, safely, and nothing else."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from cli.cluster import Cluster
from cli.topic import operations
from tests.cli.topics.conftest import KEYED


def kinds(outcome) -> list[str]:
    return [operation["kind"] for operation in outcome.plan["operations"]]


def extra(prefix: str, count: int) -> dict[str, dict[str, object]]:
    """More declared topics."""
    return {
        f"extra-{index}": {"name": f"{prefix}-{index}", "partitions": 1, "replication": 1} for index in range(count)
    }


def test_settings_whose_meaning_differs_are_changed_and_no_others(project, declare, make, settings):
    name = make(retention_ms="3600000", segment_ms="7200000", compression_type="gzip")
    environment = declare(config={"segment.ms": 7_200_000, "compression.type": "lz4"})
    outcome = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"], kinds(outcome)) == (0, "applied", ["alter-settings"])
    assert outcome.plan["operations"][0]["settings"] == {
        "compression.type": {"from": "gzip", "to": "lz4"},
        "retention.ms": {"from": "3600000", "to": "604800000"},
    }
    assert settings(name) == {"retention.ms": "604800000", "segment.ms": "7200000", "compression.type": "lz4"}


def test_a_second_run_has_nothing_to_do(project, declare, make):
    make(partitions=1, retention_ms="3600000", file_delete_delay_ms="1000")
    environment = declare(config={"compression.type": "lz4", "cleanup.policy": "delete"})
    assert project.run("topic", "sync", "orders", "-e", environment, "--yes").exit_code == 0
    for options in (["--yes"], ["--dry-run"]):
        second = project.run("topic", "sync", "orders", "-e", environment, *options)
        assert (second.exit_code, "nothing to do" in second.stdout) == (0, True)


def test_undeclared_settings_are_named_and_left(project, declare, make, settings):
    name = make(max_message_bytes="2097152")
    outcome = project.run("topic", "sync", "orders", "-e", declare(), "--yes", "-o", "json")
    assert outcome.exit_code == 0
    assert "left alone: max.message.bytes=2MiB" in outcome.plan["warnings"][0]
    assert settings(name)["max.message.bytes"] == "2097152"


def test_partitions_are_added_with_the_share_of_keys_that_move(project, declare, make, partitions):
    name = make(partitions=3)
    environment = declare(partitions=4)
    outcome = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    (operation,) = outcome.plan["operations"]
    assert (operation["kind"], operation["risk"], operation["drift"]) == ("add-partitions", "moderate", "unsafe")
    assert "75% of the keys" in operation["reason"]
    assert partitions(name) == 4


@pytest.mark.parametrize(
    ("confirm", "code", "left"), [([], 7, 1), (["--confirm", "other"], 7, 1), (["--confirm", "orders"], 0, 3)]
)
def test_partitions_of_a_keyed_topic_need_its_name(project, declare, make, partitions, confirm, code, left):
    name = make(partitions=1)
    outcome = project.run("topic", "sync", "orders", "-e", declare(KEYED), "--yes", *confirm)
    assert (outcome.exit_code, partitions(name)) == (code, left)
    assert "route orders-to-stream reads it with ordering: key" in outcome.stdout


def test_a_topic_without_order_is_not_keyed(project, declare, make, partitions):
    name = make(partitions=1)
    route = {**KEYED["routes"]["orders-to-stream"], "ordering": "none"}
    environment = declare({**KEYED, "routes": {"orders-to-stream": route}})
    assert project.run("topic", "sync", "orders", "-e", environment, "--yes").exit_code == 0
    assert partitions(name) == 3


def test_a_compacted_topic_is_keyed(project, declare, make):
    make(partitions=1, cleanup_policy="compact")
    outcome = project.run("topic", "sync", "-e", declare(config={"cleanup.policy": "compact"}), "-n", "-o", "json")
    assert [operation["risk"] for operation in outcome.plan["operations"]] == ["severe"]


def test_fewer_partitions_and_another_replication_are_named_and_left(project, declare, make, partitions):
    name = make(partitions=3)
    environment = declare(partitions=2, replication=3)
    outcome = project.run("topic", "sync", "orders", "-e", environment, "--dry-run", "-o", "json")
    assert outcome.exit_code == 3
    left = {entry["property"]: entry for entry in outcome.plan["differences"]}
    assert left["partitions"]["drift"] == "unsupported"
    assert "never takes partitions away" in left["partitions"]["why"]
    assert "replication" in left
    shown = project.run("topic", "sync", "orders", "-e", environment, "--dry-run").stdout
    assert "never takes partitions away" in shown
    assert partitions(name) == 3


def test_a_lower_retention_that_deletes_records_is_refused(project, declare, make, produce, settings):
    name = make(retention_ms="-1", segment_bytes="1048576")
    produce(name, timestamp_ms=int((time.time() - 30 * 86_400) * 1000))
    environment = declare(config={"segment.bytes": 1_048_576}, retention="7d")
    refused = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    assert (refused.exit_code, refused.answer["status"]) == (7, "blocked")
    assert "10 records" in refused.stderr
    assert "--allow-data-loss" in refused.stderr
    assert settings(name)["retention.ms"] == "-1"

    unnamed = project.run("topic", "sync", "orders", "-e", environment, "--yes", "--allow-data-loss")
    assert (unnamed.exit_code, settings(name)["retention.ms"]) == (7, "-1")
    options = ("--yes", "--allow-data-loss", "--confirm", "orders")
    assert project.run("topic", "sync", "orders", "-e", environment, *options).exit_code == 0
    assert settings(name)["retention.ms"] == "604800000"


def test_a_lower_retention_that_deletes_nothing_is_moderate(project, declare, make, produce, settings):
    """The negative control of the test above: the same change, with records that are young."""
    name = make(retention_ms="-1", segment_bytes="1048576")
    produce(name)
    environment = declare(config={"segment.bytes": 1_048_576}, retention="7d")
    outcome = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"]) == (0, "moderate")
    assert settings(name)["retention.ms"] == "604800000"


def test_losing_records_is_allowed_for_one_topic_at_a_time(project, declare):
    outcome = project.run("topic", "sync", "-e", declare(), "--allow-data-loss")
    assert outcome.exit_code == 2
    assert "topic sync NAME" in outcome.stderr


def test_what_the_cluster_refuses_is_refused_before_anything_is_changed(project, declare, make, partitions, settings):
    """min.insync.replicas is above what one replica can give: neither it nor the partitions are changed."""
    name = make(partitions=1)
    environment = declare(replication=2, config={"min.insync.replicas": 2})
    outcome = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    assert "no write with acks=all could ever succeed" in outcome.stderr
    assert (partitions(name), settings(name)) == (1, {})


def test_many_changes_of_one_kind_go_in_one_request(project, declare, topic, monkeypatch):
    """With nothing but the number of topics changed, the number of requests stays."""
    counted: list[str] = []
    for method in ("topics", "create", "alter_settings", "add_partitions", "topics_and_others"):
        real = getattr(Cluster, method)

        def count(*given: Any, real: Any = real, method: str = method, **named: Any) -> Any:
            counted.append(method)
            return real(*given, **named)

        monkeypatch.setattr(Cluster, method, count)
    requests = []
    for number in (2, 8):
        several = extra(f"{topic}-{number}", number)
        environment = declare({"topics": several})
        counted.clear()
        assert project.run("topic", "sync", "-e", environment, "--yes").exit_code == 0
        requests.append(list(counted))
    assert requests[0] == requests[1]


def test_ctrl_c_ends_between_requests_and_the_next_run_does_the_rest(project, declare, topic, admin, monkeypatch):
    monkeypatch.setattr(operations, "AT_ONCE", 1)
    environment = declare({"topics": extra(topic, 2)})
    real = Cluster.create

    def interrupted(self, topics, *, validate_only=False):
        if not validate_only and topics[0].name == f"{topic}-0":
            signal.raise_signal(signal.SIGINT)
        return real(self, topics, validate_only=validate_only)

    monkeypatch.setattr(Cluster, "create", interrupted)
    first = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (first.exit_code, first.answer["status"], first.plan["done"]) == (130, "partial", 2)
    assert f"{topic}-1" not in admin.list_topics()

    second = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (second.exit_code, kinds(second)) == (0, ["create-topic"])
    assert project.run("topic", "sync", "-e", environment, "--dry-run").exit_code == 0
