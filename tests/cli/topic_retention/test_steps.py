"""Lowering step by step: each value, the wait after it, the gate before the next, and going on after an end."""

from __future__ import annotations

import itertools
import signal
from pkgutil import resolve_name
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from cli.topic.retention.execution import await_deletion
from sandbox.waiting import wait_until
from tests.cli.conftest import Outcome

HOUR = 3_600_000
DAY = 24 * HOUR
OVERRIDE = ("--allow-data-loss", "--confirm", "orders")
STEPS = ("--to", "1d", "--step", "1d")


def values(outcome: Outcome) -> list[int]:
    return [int(operation["config"]["retention.ms"]) for operation in outcome.plan["operations"]]


def test_the_schedule_goes_down_from_the_oldest_record_and_says_what_each_step_deletes(scene):
    plan = scene.run(*STEPS, "-n", "-o", "json", "--allow-data-loss")
    assert plan.exit_code == 3
    assert values(plan) == [3 * DAY, 2 * DAY, DAY]
    reasons = [operation["reason"] for operation in plan.plan["operations"]]
    assert reasons == [
        "deletes up to 1 record",
        "deletes up to 24 records",
        "deletes up to 24 records",
    ]
    assert plan.plan["summary"]["longest_wait_seconds"] == 3


def test_from_infinite_the_first_step_deletes_nothing(make_scene):
    scene = make_scene({"retention.ms": "-1"})
    scene.write([hours * HOUR for hours in range(72, 0, -6)])
    plan = scene.run(*STEPS, "-n", "-o", "json", "--allow-data-loss")
    assert values(plan)[0] == 73 * HOUR
    assert plan.plan["operations"][0]["risk"] == "moderate"
    assert plan.plan["operations"][0]["reason"] == "nothing there is beyond it"
    assert scene.run(*STEPS, *OVERRIDE).exit_code == 0
    assert (scene.setting("retention.ms"), scene.begin()) == (str(DAY), 9)


def test_each_step_waits_until_its_records_are_gone(scene, monkeypatch):
    seen = []

    def spying(cluster, live, limits):
        gone = await_deletion(cluster, live, limits)
        seen.append((limits.milliseconds, scene.begin()))
        return gone

    monkeypatch.setattr("cli.topic.retention.change.await_deletion", spying)
    assert scene.run(*STEPS, *OVERRIDE).exit_code == 0
    assert seen == [(3 * DAY, 1), (2 * DAY, 25), (DAY, 49)]


@pytest.mark.parametrize("ends_at", [0, 1, 2])
def test_an_interrupt_in_any_wait_is_followed_and_running_again_goes_on(scene, monkeypatch, ends_at):
    planned = values(scene.run(*STEPS, "-n", "-o", "json", "--allow-data-loss"))
    waits = itertools.count()

    def interrupted(cluster, live, limits):
        if next(waits) == ends_at:
            raise KeyboardInterrupt
        return await_deletion(cluster, live, limits)

    monkeypatch.setattr("cli.topic.retention.change.await_deletion", interrupted)
    outcome = scene.run(*STEPS, *OVERRIDE, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (130, "partial")
    assert int(scene.setting("retention.ms")) == planned[ends_at]

    monkeypatch.setattr("cli.topic.retention.change.await_deletion", await_deletion)
    again = scene.run(*STEPS, *OVERRIDE, "-o", "json")
    assert again.exit_code == 0
    assert values(again) == planned[ends_at + 1 :]
    assert scene.setting("retention.ms") == str(DAY)


@pytest.mark.parametrize("place", ["cli.cluster.Cluster.alter_settings", "cli.topic.retention.execution.pause"])
def test_the_first_ctrl_c_lets_the_step_under_way_end(scene, monkeypatch, place):
    real = resolve_name(place)

    def interrupted(*given: Any, validate_only: bool = False) -> object:
        if validate_only:
            return {}
        signal.raise_signal(signal.SIGINT)
        return real(*given)

    monkeypatch.setattr(place, interrupted)
    outcome = scene.run(*STEPS, *OVERRIDE)
    assert outcome.exit_code == 130
    assert "1 of 3 operations done" in outcome.stderr
    assert "orders --to 1d --step 1d --allow-data-loss --confirm orders -e" in outcome.stderr
    assert scene.setting("retention.ms") == str(3 * DAY)


def test_no_step_follows_while_the_cluster_is_not_well(scene, monkeypatch):
    monkeypatch.setattr("cli.cluster_health.problems", lambda _: ["2 partitions are under-replicated"])
    outcome = scene.run(*STEPS, *OVERRIDE)
    assert outcome.exit_code == 6
    assert "not well enough for the next step: 2 partitions are under-replicated" in outcome.stderr
    assert scene.setting("retention.ms") == str(3 * DAY)
    monkeypatch.setattr("cli.cluster_health.problems", lambda _: [])
    assert scene.run(*STEPS, *OVERRIDE).exit_code == 0


def test_a_step_that_would_delete_what_was_not_allowed_is_refused_in_the_middle(make_scene, monkeypatch):
    scene = make_scene()

    def late_records(cluster, live, limits):
        del cluster, live, limits
        scene.write([26 * HOUR])

    two_steps = [{"retention.ms": str(hours * HOUR)} for hours in (48, 25)]
    monkeypatch.setattr("cli.topic.retention.change.settings_by_step", lambda *_: two_steps)
    monkeypatch.setattr("cli.topic.retention.change.await_deletion", late_records)
    outcome = scene.run("--to", "25h", "--step", "23h", "--yes")
    assert outcome.exit_code == 6
    assert "would be deleted" in outcome.stderr
    assert scene.setting("retention.ms") == str(48 * HOUR)


def test_bytes_go_down_in_steps_too(scene):
    plan = scene.run("--bytes", "20KiB", "--step", "30KiB", "-n", "-o", "json", "--allow-data-loss")
    sizes = [int(operation["config"]["retention.bytes"]) for operation in plan.plan["operations"]]
    assert sizes[0] > 70_000
    assert sizes[-1] == 20 << 10
    assert all(earlier - later <= 30 << 10 for earlier, later in itertools.pairwise(sizes))
    assert scene.run("--bytes", "20KiB", "--step", "30KiB", *OVERRIDE).exit_code == 0
    assert scene.setting("retention.bytes") == str(20 << 10)
    assert scene.begin() > 45


def test_where_the_brokers_do_not_tell_sizes_steps_begin_at_the_limit_there_is(make_scene, monkeypatch):
    monkeypatch.setattr("cli.topic.retention.reading._log_dirs", lambda *_: [])
    limited = make_scene({"retention.bytes": "5000000"})
    limited.write([HOUR])
    steps = ("--bytes", "1000000B", "--step", "2000000B", "-n", "-o", "json", "--allow-data-loss")
    plan = limited.run(*steps).plan
    assert [operation["config"]["retention.bytes"] for operation in plan["operations"]] == ["3000000", "1000000"]
    limited.admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, limited.topic, {"retention.bytes": "-1"})], incremental=True
    )
    assert wait_until(lambda: limited.setting("retention.bytes") == "-1", timeout_seconds=10)
    refused = limited.run(*steps)
    assert refused.exit_code == 1
    assert "how large the largest partition is cannot be told" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "1w"], "is not a duration"),
        (["--to", "0s"], "at least 1ms"),
        (["--bytes", "1GB"], "is not a size"),
        (["--step", "1d"], "there is no --to"),
        (["--to", "1d", "--step", "1GiB"], "there is no --bytes"),
        (["--to", "1d", "--step", "soon"], "neither a duration"),
        (["--to", "1d", "--step", "0s"], "above zero"),
        (["--to", "1d", "--step", "1h", "--step", "2h"], "at most"),
        (["--to", "1d", "--step", "1h", "--no-wait"], "waited for"),
        (["--to", "1m", "--step", "1s"], "too small"),
    ],
)
def test_wrong_usage_says_what_is_wrong(scene, arguments, why):
    outcome = scene.run(*arguments)
    assert outcome.exit_code == 2
    assert why in " ".join(outcome.stderr.replace("│", " ").split())
    assert scene.setting("retention.ms") == str(7 * DAY)
