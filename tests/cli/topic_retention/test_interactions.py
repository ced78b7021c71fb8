"""Other settings that change what a retention means."""

from __future__ import annotations

from typing import Any

import pytest

from cli.topic.retention.interactions import future_warnings, route_warnings, tiered, warnings_of
from cli.topic.retention.limits import Limits
from cli.topic.retention.losses import PartitionState
from environments import Environment, load_environment

HOUR = 3_600_000
DAY = 24 * HOUR
MSK = {"kind": "msk", "version": "4.1.x.kraft", "brokers": 2, "instance": "kafka.m7g.large", "auth": "iam"}


def said(settings: dict[str, str], replication: int = 3) -> str:
    return "\n".join(warnings_of(settings, Limits.of(settings), replication))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cleanup.policy": "compact"}, "neither retention.ms nor retention.bytes deletes anything"),
        ({"retention.ms": str(HOUR), "segment.ms": str(DAY)}, "segment.ms (1d) is longer than retention.ms (1h)"),
        ({"retention.bytes": "1024", "segment.bytes": "2048"}, "each partition keeps up to 3.0 KiB"),
        ({"retention.ms": str(HOUR), "message.timestamp.before.max.ms": str(DAY)}, "records up to 1d old are accepted"),
        ({"min.insync.replicas": "4"}, "nobody can write with acks=all"),
        ({"min.insync.replicas": "3"}, "with one broker down"),
    ],
)
def test_what_a_user_should_know_is_said(settings, words):
    assert words in said(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cleanup.policy": "compact,delete"},
        {"retention.ms": str(DAY), "segment.ms": str(HOUR), "retention.bytes": "4096", "segment.bytes": "2048"},
        {"retention.ms": "-1", "segment.ms": str(DAY), "retention.bytes": "-1", "segment.bytes": "2048"},
        {"message.timestamp.before.max.ms": str(2**63 - 1)},
        {
            "retention.ms": str(HOUR),
            "message.timestamp.before.max.ms": str(DAY),
            "message.timestamp.type": "LogAppendTime",
        },
        {"min.insync.replicas": "2"},
    ],
)
def test_nothing_is_said_where_there_is_nothing_to_say(settings):
    assert said(settings) == ""


def test_min_insync_of_a_single_replica_is_no_news():
    assert said({"min.insync.replicas": "1"}, replication=1) == ""


def test_records_of_the_future_hold_back_what_is_behind_them():
    states = (PartitionState(0, 0, 1, newest=100), PartitionState(3, 0, 1, newest=100 * DAY))
    assert "partition 3 has a record dated 1970-04-11" in next(iter(future_warnings(states, Limits(DAY), DAY)))
    assert not list(future_warnings(states, Limits(), DAY))
    assert not list(future_warnings(states, Limits(DAY), 100 * DAY))


@pytest.fixture
def environment(project):
    def make(**sections: Any) -> Environment:
        return load_environment(project.folder / f"{project.write(**sections)}.yaml")

    return make


def test_tiered_storage_on_msk_keeps_three_days_at_least(environment):
    settings = {"remote.storage.enable": "true"}
    msk = environment(kafka=MSK)
    assert "MSK keeps at least 3d, and not 1d" in next(iter(tiered(msk, settings, Limits(DAY)))).reason
    for limits in (Limits(3 * DAY), Limits()):
        assert not list(tiered(msk, settings, limits))
    assert not list(tiered(environment(), settings, Limits(DAY)))
    assert not list(tiered(msk, {}, Limits(DAY)))


def test_less_than_lies_on_the_brokers_is_refused_with_tiered_storage(environment):
    settings = {"remote.storage.enable": "true", "local.retention.ms": str(2 * DAY), "local.retention.bytes": "-2"}
    (refusal,) = tiered(environment(), settings, Limits(DAY, 1024))
    assert "local.retention.ms (2d) would be above what is kept at all (1d)" in refusal.reason
    assert not list(tiered(environment(), settings, Limits(2 * DAY)))
    assert not list(tiered(environment(), settings | {"local.retention.ms": "-2"}, Limits(DAY)))


def test_a_stream_at_the_other_end_that_keeps_longer_is_named(environment):
    declared = environment(
        topics={name: {"partitions": 1} for name in ("orders", "back", "other")},
        streams={
            "orders": {"mode": "on-demand", "retention": "48h"},
            "back": {"mode": "on-demand", "retention": "48h"},
        },
        routes={
            "out": {"from": {"topic": "orders"}, "to": {"stream": "orders"}},
            "in": {"from": {"stream": "back"}, "to": {"topic": "back"}},
        },
    )
    assert "route out: stream orders keeps 2d, the topic 1d" in next(
        iter(route_warnings(declared, "orders", Limits(DAY)))
    )
    assert "route in: stream back keeps 2d" in next(iter(route_warnings(declared, "back", Limits(DAY))))
    for name, limits in (("orders", Limits(2 * DAY)), ("orders", Limits()), ("other", Limits(DAY))):
        assert not list(route_warnings(declared, name, limits))
