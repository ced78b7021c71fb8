"""A task definition with a change: everything else stays, and no secret is shown."""

from __future__ import annotations

from typing import Any

import pytest

from cli.connector.rollout.strategy import Strategy, chosen, forced, refusals, reorders
from cli.connector.rollout.task_definition import HIDDEN, Wanted, changed, differences, flat, tags_to_keep, with_tag

LIVE: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/f:7",
    "family": "f",
    "revision": 7,
    "status": "ACTIVE",
    "cpu": "512",
    "memory": "1024",
    "requiresAttributes": [{"name": "x"}],
    "volumes": [],
    "runtimePlatform": {"cpuArchitecture": "ARM64"},
    "containerDefinitions": [
        {"name": "collector", "image": "otel:1"},
        {
            "name": "connector",
            "image": "repo/connector:1",
            "environment": [{"name": "API_KEY", "value": "hunter2"}, {"name": "MODE", "value": "a"}],
            "secrets": [{"name": "PASSWORD", "valueFrom": "arn:one"}],
            "dockerLabels": {"streamops.config-sha256": "old"},
            "stopTimeout": 120,
        },
    ],
}


@pytest.mark.parametrize(
    ("live", "wanted", "image"),
    [
        ("repo/connector:1", "2", "repo/connector:2"),
        ("host:5000/repo/connector:1", "2", "host:5000/repo/connector:2"),
        ("host:5000/repo/connector", "2", "host:5000/repo/connector:2"),
        ("repo/connector@sha256:aa", "2", "repo/connector:2"),
        ("repo/connector:1", "sha256:bb", "repo/connector@sha256:bb"),
        ("repo/connector:1", "other/connector:3", "other/connector:3"),
    ],
)
def test_a_tag_is_of_the_image_that_runs(live, wanted, image):
    assert with_tag(live, wanted) == image


def test_only_what_was_asked_for_changes():
    request = changed(LIVE, Wanted(image="2", cpu=1024, memory_mib=2048, config_sha256="new"))
    assert differences(LIVE, request) == {
        "cpu": {"from": "512", "to": "1024"},
        "memory": {"from": "1024", "to": "2048"},
        "connector.image": {"from": "repo/connector:1", "to": "repo/connector:2"},
        "connector.dockerLabels.streamops.config-sha256": {"from": "old", "to": "new"},
    }
    assert not {"revision", "status", "taskDefinitionArn", "requiresAttributes"} & set(request)
    assert LIVE["containerDefinitions"][1]["image"] == "repo/connector:1"


def test_nothing_asked_for_is_no_difference():
    assert differences(LIVE, changed(LIVE, Wanted())) == {}


def test_values_of_variables_are_not_shown():
    other = changed(LIVE, Wanted())
    container = other["containerDefinitions"][1]
    container["environment"][0] = {"name": "API_KEY", "value": "hunter3"}
    container["secrets"][0] = {"name": "PASSWORD", "valueFrom": "arn:two"}
    told = differences(LIVE, other)
    assert told["connector.environment.API_KEY"] == {"from": HIDDEN, "to": HIDDEN}
    assert told["connector.secrets.PASSWORD"] == {"from": "arn:one", "to": "arn:two"}
    assert "hunter" not in str(told)


def test_tags_of_aws_itself_are_left_out():
    assert tags_to_keep({"aws:cloudformation:stack-name": "s", "team": "streams"}) == {"team": "streams"}


def test_nested_values_have_paths():
    assert flat({"a": {"b": 1, "c": [2]}, "d": None}) == {"a.b": 1, "a.c": [2], "d": None}


@pytest.mark.parametrize("key", ["source.protocol", "sink.partition_key", "sink.partition_key.header", "format"])
def test_some_changes_are_not_made_side_by_side(key):
    why = forced({key: {}})
    assert why
    assert chosen(None, why) is Strategy.STOP_FIRST
    assert [refusal.way_out for refusal in refusals(Strategy.OVERLAP, "r", why, None)]
    assert not refusals(Strategy.STOP_FIRST, "r", why, None)


def test_other_changes_are():
    assert forced({"source.linger": {}, "formatting": {}}) == []
    assert chosen(None, []) is Strategy.OVERLAP
    assert reorders({"sink.partition_key.field": {}})
    assert not reorders({"format": {}})


@pytest.mark.parametrize("strategy", [Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.LINEAR])
def test_strategies_that_need_traffic_are_explained_and_refused(strategy):
    (refusal,) = refusals(strategy, "r", [], None)
    assert "one consumer group" in refusal.reason
    assert "--strategy overlap" in refusal.way_out


def test_static_membership_is_refused():
    (refusal,) = refusals(None, "r", [], {"source.instance": "one"})
    assert "static membership" in refusal.reason
