"""Somebody else changes the cluster between the plan and its operations."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import Cluster
from cli.topic import operations
from cli.topic.setting_values import spelled
from cli.topic.settings import readable


def before(monkeypatch, method: str, happens) -> None:
    """Let something happen right before the first request of a kind that changes anything."""
    real, left = getattr(Cluster, method), [happens]

    def changed(self: Cluster, *given: Any, validate_only: bool = False) -> Any:
        if not validate_only and left:
            left.pop()()
        return real(self, *given, validate_only=validate_only)

    monkeypatch.setattr(Cluster, method, changed)


def test_a_setting_that_somebody_else_sets_meanwhile_is_kept(project, declare, make, admin, settings, monkeypatch):
    """AlterConfigs would take it away again, since it sends what was read before."""
    name = make(retention_ms="3600000")

    real = Cluster.alter_settings
    before(monkeypatch, "alter_settings", lambda: real(Cluster(admin), {name: {"flush.ms": "1000"}}))
    assert project.run("topic", "sync", "orders", "-e", declare(), "--yes").exit_code == 0
    assert settings(name) == {"retention.ms": "604800000", "flush.ms": "1000"}


def test_what_was_done_before_a_refusal_is_told_and_the_next_run_goes_on(project, declare, topic, admin, monkeypatch):
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    more = {f"more-{index}": {"name": f"{topic}-{index}", "partitions": 1, "replication": 1} for index in range(3)}
    environment = declare({"topics": more})
    taken = {f"{topic}-0": {"num_partitions": 1, "replication_factor": 1, "configs": {"retention.ms": "604800000"}}}
    before(monkeypatch, "create", lambda: admin.create_topics(taken, wait_for_metadata=True))
    first = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (first.exit_code, first.answer["status"], first.plan["done"]) == (6, "partial", 1)
    assert f"topic {topic}-0" in first.stderr
    assert {topic, f"{topic}-0"} <= set(admin.list_topics())

    second = project.run("topic", "sync", "-e", environment, "--yes", "-o", "json")
    assert (second.exit_code, len(second.plan["operations"])) == (0, 2)
    assert project.run("topic", "sync", "-e", environment, "--dry-run").exit_code == 0


def test_a_change_that_somebody_else_undoes_is_no_success(project, declare, make, admin, monkeypatch):
    name = make(partitions=3, retention_ms="3600000")
    real = operations.unmet

    def after_it_is_undone(*given: Any) -> list[str]:
        Cluster(admin).alter_settings({name: {"retention.ms": "3600000"}})
        return real(*given, seconds=0)

    monkeypatch.setattr(operations, "unmet", after_it_is_undone)
    outcome = project.run("topic", "sync", "orders", "-e", declare(), "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (1, "error")
    assert "retention.ms" in outcome.stderr


@given(st.sampled_from(["segment.ms", "retention.bytes", "max.message.bytes"]), st.integers(1 << 20, (1 << 31) - 1))
def test_a_value_reads_back_from_how_it_is_shown(name, value):
    assert spelled(name, readable(name, str(value))) == str(value)


def test_infinite_and_unlimited_are_words_for_minus_one():
    assert spelled("retention.ms", "infinite") == spelled("retention.bytes", "unlimited") == "-1"
