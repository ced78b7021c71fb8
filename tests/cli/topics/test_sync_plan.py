"""What a difference between a declared topic and the live one leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import LiveTopic, Partition, Setting
from cli.plan import Risk
from cli.topic.partition_rules import share_of_moved_keys
from cli.topic.setting_rules import HARMLESS, meaning
from cli.topic.sync_plan import plan_topic
from environments import Environment, load_environment
from environments.rules.topic_settings import SETTINGS

LIVE = LiveTopic(
    "orders",
    tuple(Partition(index, 1, (1, 2), (1, 2)) for index in range(3)),
    {
        "retention.ms": Setting("retention.ms", "604800000", "default-config", "LONG"),
        "segment.ms": Setting("segment.ms", "3600000", "dynamic-topic-config", "LONG"),
    },
)


@pytest.fixture
def environment(project):
    def write(**fields: Any) -> Environment:
        topic = {"partitions": 3, "replication": 2, **fields}
        kafka = {"kafka": {"kind": "msk", "brokers": 2}} if fields.get("manage") else {}
        return load_environment(project.write(topics={"orders": topic}, **kafka))

    return write


def test_what_is_inherited_is_as_good_as_what_is_set(environment):
    planned = plan_topic(environment(retention="7d"), "orders", LIVE)
    assert (planned.settings, planned.grow, planned.replication, planned.left) == ({}, None, None, ())
    assert planned.undeclared == {"segment.ms": "3600000"}


def test_settings_of_a_reassignment_are_its_own(environment):
    throttled = Setting("leader.replication.throttled.replicas", "0:1", "dynamic-topic-config", "LIST")
    live = replace(LIVE, settings={**LIVE.settings, throttled.name: throttled})
    assert throttled.name not in plan_topic(environment(), "orders", live).undeclared


def test_a_topic_of_cloudformation_is_left_with_all_that_differs(environment):
    declared = environment(manage="cloudformation", partitions=6, config={"segment.ms": 7_200_000})
    planned = plan_topic(declared, "orders", LIVE)
    assert (planned.create, planned.settings, planned.grow) == (None, {}, None)
    assert [(left.property, left.drift) for left in planned.left] == [
        ("partitions", "unsupported"),
        ("segment.ms", "unsupported"),
    ]
    assert plan_topic(declared, "orders", None).create is None


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_share_of_keys_that_move_is_what_counting_finds(before, more):
    after = before + more
    hashes = range(before * after)
    moved = sum(1 for each in hashes if each % before != each % after)
    assert share_of_moved_keys(before, after) == pytest.approx(moved / len(hashes))


@pytest.mark.parametrize(
    ("name", "before", "after", "risk"),
    [
        ("retention.ms", "1000", "2000", Risk.MILD),
        ("retention.ms", "1000", "-1", Risk.MILD),
        ("retention.ms", "-1", "9000000", Risk.MODERATE),
        ("retention.bytes", "-1", "1", Risk.MODERATE),
        ("local.retention.ms", "-2", "1000", Risk.MODERATE),
        ("cleanup.policy", "delete", "compact", Risk.MODERATE),
        ("unclean.leader.election.enable", "false", "true", Risk.SEVERE),
        ("unclean.leader.election.enable", "true", "false", Risk.MILD),
        ("remote.storage.enable", "true", "false", Risk.SEVERE),
        ("max.message.bytes", "2000", "1000", Risk.MODERATE),
        ("max.message.bytes", "1000", "2000", Risk.MILD),
        ("min.insync.replicas", "1", "2", Risk.MODERATE),
        ("compression.type", "gzip", "lz4", Risk.MILD),
        ("unheard.of", "1", "2", Risk.MODERATE),
        ("compression.type", "gzip", None, Risk.MODERATE),
    ],
)
def test_the_risk_of_a_setting_is_that_of_what_readers_and_writers_notice(name, before, after, risk):
    assert meaning(name, before, after).risk is risk


@given(st.sampled_from(["retention.ms", "retention.bytes"]), st.integers(-1, 10**12), st.integers(-1, 10**12))
def test_infinite_is_more_than_any_retention(name, before, after):
    """-1 is no small number: topicctl lowers an infinite retention by taking it for one."""
    kept = [float("inf") if number == -1 else number for number in (before, after)]
    lowered = meaning(name, str(before), str(after)).risk is Risk.MODERATE
    assert lowered == (kept[1] < kept[0])


def test_every_harmless_setting_is_one_of_kafkas():
    assert set(HARMLESS) <= set(SETTINGS)
