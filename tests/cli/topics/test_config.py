"""``topic config``: single settings of a topic."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.cluster import Cluster


def written(project, environment: str) -> dict[str, Any]:
    topics = YAML(typ="safe").load((project.folder / f"{environment}.yaml").read_text())["topics"]
    orders: dict[str, Any] = topics["orders"]
    return orders


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("segment.ms=6h", "21600000"),
        ("segment.ms=21600000", "21600000"),
        ("segment.bytes=64MiB", "67108864"),
        ("retention.bytes=unlimited", "-1"),
        ("compression.type=lz4", "lz4"),
        ("min.cleanable.dirty.ratio=0.2", "0.2"),
        ("preallocate=true", "true"),
        ("cleanup.policy=delete", "delete"),
    ],
)
def test_values_are_typed_as_people_write_them(project, declare, make, settings, typed, value):
    name = make()
    environment = declare()
    outcome = project.run("topic", "config", "orders", "set", typed, "-e", environment, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert settings(name) == {typed.partition("=")[0]: value}
    again = project.run("topic", "config", "orders", "set", typed, "-e", environment, "--dry-run")
    assert (again.exit_code, "nothing to do" in again.stdout) == (0, True)


def test_only_the_named_settings_change_and_unset_lets_the_brokers_decide(project, declare, make, settings):
    name = make(segment_ms="3600000", compression_type="gzip", flush_ms="1000")
    environment = declare()
    both = ("topic", "config", "orders", "unset", "segment.ms", "flush.ms", "-e", environment, "--yes")
    assert project.run(*both).exit_code == 0
    assert settings(name) == {"compression.type": "gzip"}
    assert project.run(*both).exit_code == 0


def test_what_is_inherited_after_unset_decides_the_risk(project, declare, make, admin):
    name = make(segment_ms="3600000", max_message_bytes="2097152")
    assert Cluster(admin).inherited(name, ["segment.ms", "segment.jitter.ms", "max.message.bytes"]) == {
        "segment.ms": "604800000",
        "segment.jitter.ms": "0",
        "max.message.bytes": "1048588",
    }
    environment = declare()
    risks = [
        project.run("topic", "config", "orders", "unset", key, "-e", environment, "-n", "-o", "json").plan["operations"]
        for key in ("segment.ms", "max.message.bytes")
    ]
    assert [(each["risk"], each["reason"]) for (each,) in risks] == [
        ("mild", "as asked for"),
        ("moderate", "larger records are refused"),
    ]


@pytest.mark.parametrize(
    ("entry", "code", "told"),
    [
        ("segmnt.ms=6h", 7, "did you mean segment.ms?"),
        ("replication.factor=3", 7, "is not a setting of topics"),
        ("segment.ms=6 hours", 2, "is not a duration"),
        ("segment.bytes=64MB", 2, "is not a size"),
        ("segment.bytes=1KiB", 2, "below the Kafka minimum"),
        ("compression.type=zip", 2, "zstd"),
        ("preallocate=perhaps", 2, "true or false"),
        ("segment.ms", 2, "KEY=VALUE"),
        ("min.insync.replicas=2", 7, "no write with acks=all could ever succeed"),
    ],
)
def test_what_cannot_be_set_is_refused_with_the_way_out(project, declare, make, settings, entry, code, told):
    name = make()
    outcome = project.run("topic", "config", "orders", "set", entry, "-e", declare(), "--yes")
    assert (outcome.exit_code, settings(name)) == (code, {})
    assert told in outcome.stderr


@pytest.mark.parametrize("entry", ["segmnt.ms", "retention.ms"])
def test_what_cannot_be_unset_is_refused(project, declare, make, settings, entry):
    name = make(retention_ms="1000000")
    outcome = project.run("topic", "config", "orders", "unset", entry, "-e", declare(), "--yes")
    assert (outcome.exit_code, settings(name)) == (7, {"retention.ms": "1000000"})


def test_the_environment_file_says_what_is_live_afterwards(project, declare, make):
    make()
    environment = declare()
    run = ("-e", environment, "--yes", "--write-back")
    assert project.run("topic", "config", "orders", "set", "segment.ms=6h", "retention.ms=8d", *run).exit_code == 0
    assert written(project, environment)["config"] == {"segment.ms": 21_600_000}
    assert written(project, environment)["retention"] == "8d"
    assert project.run("topic", "sync", "orders", "-e", environment, "--dry-run").exit_code == 0

    assert project.run("topic", "config", "orders", "set", "compression.type=lz4", *run).exit_code == 0
    assert written(project, environment)["config"] == {"segment.ms": 21_600_000, "compression.type": "lz4"}
    assert project.run("topic", "config", "orders", "unset", "segment.ms", "compression.type", *run).exit_code == 0
    assert "config" not in written(project, environment)
    assert project.run("topic", "sync", "orders", "-e", environment, "--dry-run").exit_code == 0


@pytest.mark.parametrize("entry", ["retention.ms=7d", "cleanup.policy=compact"])
def test_a_setting_that_deletes_records_passes_the_guard_only_when_it_is_told_to(
    project, declare, make, produce, settings, entry
):
    name = make(retention_ms="-1", segment_bytes="1048576")
    before = settings(name)
    produce(name, timestamp_ms=int((time.time() - 30 * 86_400) * 1000))
    environment = declare(config={"segment.bytes": 1_048_576}, retention="infinite")
    command = ("topic", "config", "orders", "set", entry, "-e", environment, "--yes")
    for options in ([], ["--allow-data-loss"], ["--confirm", "orders"], ["--allow-data-loss", "--confirm", "other"]):
        assert (project.run(*command, *options).exit_code, settings(name)) == (7, before)
    assert project.run(*command, "--allow-data-loss", "--confirm", "orders").exit_code == 0
    assert settings(name) != before


def test_a_plan_that_was_saved_before_records_grew_old_is_refused(project, declare, make, produce, settings, tmp_path):
    """Nothing would have gone when the plan was made; the settings, which the fingerprint holds, are the same."""
    name = make(retention_ms="-1", segment_bytes="1048576")
    environment = declare(config={"segment.bytes": 1_048_576}, retention="infinite")
    plan = str(tmp_path / "plan.json")
    command = ("topic", "config", "orders", "set", "retention.ms=7d", "-e", environment, "--save", plan)
    assert project.run(*command).exit_code == 3
    produce(name, timestamp_ms=int((time.time() - 30 * 86_400) * 1000))
    refused = project.run("apply", plan)
    assert (refused.exit_code, settings(name)["retention.ms"]) == (7, "-1")
    assert "records" in refused.stderr


def test_a_saved_plan_is_applied_later(project, declare, make, settings, tmp_path):
    name = make()
    plan = str(tmp_path / "plan.json")
    assert (
        project.run("topic", "config", "orders", "set", "flush.ms=1s", "-e", declare(), "--save", plan).exit_code == 3
    )
    assert project.run("apply", plan).exit_code == 0
    assert settings(name) == {"flush.ms": "1000"}


def test_without_a_verb_the_settings_are_shown_beside_the_declared_ones(project, declare, make):
    make(segment_ms="3600000")
    items = project.run(
        "topic", "config", "orders", "-e", declare(config={"segment.ms": 7_200_000}), "-o", "json"
    ).items
    (found,) = [item for item in items if item["name"] == "segment.ms"]
    assert (found["value"], found["declared"], found["source"]) == ("3600000", "7200000", "dynamic-topic-config")


def test_a_topic_that_is_not_there_is_told_with_the_way_to_make_it(project, declare):
    environment = declare()
    outcome = project.run("topic", "config", "orders", "set", "flush.ms=1s", "-e", environment)
    assert outcome.exit_code == 1
    assert f"streamops topic sync orders -e {environment}" in outcome.stderr
