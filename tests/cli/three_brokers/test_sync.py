"""``topic sync`` changes replicas, partitions and settings together, in an order that holds at every step."""

from __future__ import annotations

import signal

import pytest

from cli.cluster import Cluster
from cli.reassignment import change as reassignment


@pytest.fixture
def environment(project, three_brokers, admin, topic):
    """Declares three replicas, four partitions and two in-sync replicas of a topic that has one, two and one."""
    new = {"num_partitions": 2, "replication_factor": 1}
    admin.create_topics({topic: new}, wait_for_metadata=True)
    declared = {"name": topic, "partitions": 4, "replication": 3, "config": {"min.insync.replicas": 2}}
    return project.write(kafka=three_brokers.kafka, topics={"orders": declared})


def test_all_that_differs_is_changed_and_a_second_run_has_nothing_to_do(project, environment, cluster, topic):
    outcome = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    kinds = list(dict.fromkeys(operation["kind"] for operation in outcome.plan["operations"]))
    assert kinds == ["reassign-partitions", "add-partitions", "alter-settings"]
    live = cluster.topics([topic])[topic]
    assert [len(partition.in_sync) for partition in live.partitions] == [3, 3, 3, 3]
    assert live.settings["min.insync.replicas"].value == "2"
    second = project.run("topic", "sync", "orders", "-e", environment, "--dry-run")
    assert (second.exit_code, "nothing to do" in second.stdout) == (0, True)


@pytest.mark.parametrize("step", ["reassign", "grow", "alter"])
def test_ctrl_c_at_any_step_leaves_what_the_next_run_finishes(project, environment, cluster, topic, monkeypatch, step):
    holder, method = {
        "reassign": (reassignment, "move"),
        "grow": (Cluster, "add_partitions"),
        "alter": (Cluster, "alter_settings"),
    }[step]
    real = getattr(holder, method)

    def interrupted(*given: object, **named: object) -> object:
        if not named.get("validate_only"):
            signal.raise_signal(signal.SIGINT)
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(holder, method, interrupted)
        first = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    last = step == "alter"
    assert first.exit_code in ((0, 130) if last else (130,))
    assert last or f"streamops topic sync orders -e {environment}" in first.stderr
    assert project.run("topic", "sync", "orders", "-e", environment, "--yes").exit_code == 0
    live = cluster.topics([topic])[topic]
    assert [len(partition.in_sync) for partition in live.partitions] == [3, 3, 3, 3]
    assert live.settings["min.insync.replicas"].value == "2"


def test_replicas_that_cannot_be_are_left_with_the_reason_and_hold_nothing_back(project, environment, cluster, topic):
    file = project.folder / f"{environment}.yaml"
    file.write_text(file.read_text().replace("replication: 3", "replication: 5").replace("replicas: 2", "replicas: 1"))
    outcome = project.run("topic", "sync", "orders", "-e", environment, "--yes", "-o", "json")
    assert outcome.exit_code == 0
    (left,) = outcome.plan["differences"]
    assert (left["property"], left["drift"]) == ("replication", "unsupported")
    assert "5 replicas need 5 brokers" in left["why"]
    assert len(cluster.topics([topic])[topic].partitions) == 4
