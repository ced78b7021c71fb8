"""The guard as other commands ask it, on a real broker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.cluster import Setting, open_cluster
from cli.plan import Risk
from cli.topic.retention.guard import NOTHING, Allowed, judge, lost, now_ms
from cli.topic.retention.limits import Limits
from cli.topic.retention.reading import read_state
from environments import load_environment

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def judged():
    """What the guard says to a change of settings of a scene's topic."""

    def ask(scene, changes, allowed=NOTHING):
        environment = load_environment(scene.project.folder / f"{scene.environment}.yaml")
        with open_cluster(environment) as cluster:
            live = cluster.topics([scene.topic])[scene.topic]
            return judge(environment, cluster, "orders", live, changes, allowed)

    return ask


def test_other_settings_are_none_of_its_business(scene, judged):
    verdict = judged(scene, {"max.message.bytes": "1000"})
    assert (verdict.risk, verdict.warnings, verdict.refusals) == (Risk.MILD, (), ())


def test_compaction_deletes_what_nobody_can_count(scene, judged):
    for policy in ("compact", "compact,delete"):
        (refusal,) = judged(scene, {"cleanup.policy": policy}).refusals
        assert "compaction keeps the newest record of each key alone" in refusal.reason
        assert "--allow-data-loss" in refusal.way_out
    allowed = judged(scene, {"cleanup.policy": "compact"}, Allowed(data_loss=True))
    assert (allowed.risk, allowed.refusals) == (Risk.SEVERE, ())
    assert any("compaction keeps" in warning for warning in allowed.warnings)


def test_from_compact_to_delete_what_is_older_than_the_retention_goes(make_scene, judged):
    scene = make_scene({"cleanup.policy": "compact", "retention.ms": str(DAY)})
    scene.write_keyed([3 * DAY, 2 * DAY, HOUR])
    assert judged(scene, {"retention.ms": str(HOUR)}).refusals == ()
    verdict = judged(scene, {"cleanup.policy": "delete"})
    assert verdict.risk is Risk.SEVERE
    assert verdict.estimate["lost_records"] == 2


def test_a_setting_taken_back_is_judged_by_the_brokers_default(make_scene, judged):
    scene = make_scene({"retention.ms": "-1"})
    scene.write([8 * DAY, HOUR])
    assert judged(scene, {"retention.ms": None}).estimate["lost_records"] == 1
    assert judged(scene, {"retention.bytes": None}).refusals == ()


def test_what_brokers_are_told_in_minutes_goes_before_hours_and_is_known_of_a_topic_without_its_own(scene):
    with open_cluster(load_environment(scene.environment)) as cluster:
        assert cluster.inherited(scene.topic, ["retention.ms"]) == {"retention.ms": str(7 * 24 * 3_600_000)}


def test_a_raise_of_one_limit_does_not_hide_that_the_other_is_lowered(scene, judged):
    verdict = judged(scene, {"retention.ms": "-1", "retention.bytes": "30000"})
    assert verdict.risk is Risk.SEVERE
    assert 40 < verdict.estimate["lost_records"] < 48


def test_with_tiered_storage_nobody_can_tell_what_stays_by_size(scene):
    environment = load_environment(scene.project.folder / f"{scene.environment}.yaml")
    with open_cluster(environment) as cluster:
        live = cluster.topics([scene.topic])[scene.topic]
        tiered = Setting("remote.storage.enable", "true", "dynamic-topic-config", "BOOLEAN")
        for topic, gone in ((live, 0), (replace(live, settings={**live.settings, tiered.name: tiered}), 72)):
            found = lost(cluster, topic, read_state(cluster, topic), Limits(size=1 << 30), now_ms())
            assert sum(loss.records for loss in found) == gone


def test_segments_longer_than_the_retention_are_said(scene, judged):
    verdict = judged(scene, {"segment.ms": str(30 * DAY)})
    assert (verdict.risk, verdict.refusals) == (Risk.MILD, ())
    assert "segment.ms (30d) is longer than retention.ms (7d)" in verdict.warnings[0]
