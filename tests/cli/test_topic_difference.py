"""Declared and live topics, compared by meaning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import LiveTopic, Partition, Setting
from cli.topic.difference import differences
from cli.topic.settings import canonical, declared_settings, readable
from environments import Topic


def live(partitions: int = 3, replication: int = 2, **settings: str) -> LiveTopic:
    replicas = tuple(range(replication))
    return LiveTopic(
        "orders",
        tuple(Partition(index, 0, replicas, replicas) for index in range(partitions)),
        {
            name.replace("_", "."): Setting(name.replace("_", "."), value, "dynamic-topic-config", kind_of(value))
            for name, value in {"retention_ms": "604800000", **settings}.items()
        },
    )


def kind_of(value: str) -> str:
    return "LONG" if value.lstrip("-").isdigit() else "BOOLEAN" if value in ("true", "false") else "LIST"


def declared(**fields: Any) -> Topic:
    return Topic.model_validate({"partitions": 3, "replication": 2, "retention": "7d", **fields})


@pytest.mark.parametrize("retention", ["7d", "168h", "604800s"])
def test_one_retention_has_many_spellings(retention):
    assert differences("orders", declared(retention=retention), live()) == []


def test_infinite_retention_is_minus_one_in_kafka():
    assert declared_settings(declared(retention="infinite"))["retention.ms"] == "-1"
    assert differences("orders", declared(retention="infinite"), live(retention_ms="-1")) == []


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ({"cleanup.policy": "delete,compact"}, {"cleanup_policy": "compact, delete"}),
        ({"preallocate": True}, {"preallocate": "true"}),
        ({"segment.ms": 3600000}, {"segment_ms": "3600000"}),
    ],
)
def test_settings_that_mean_the_same_do_not_differ(config, setting):
    assert differences("orders", declared(config=config), live(**setting)) == []


def test_every_difference_is_told_with_both_values():
    found = differences(
        "orders", declared(retention="1d", config={"segment.ms": 3600000}), live(partitions=2, replication=1)
    )
    assert {(difference.property, difference.declared, difference.live) for difference in found} == {
        ("partitions", "3", "2"),
        ("replication", "2", "1"),
        ("retention.ms", "1d", "7d"),
        ("segment.ms", "1h", "unset"),
    }
    assert all(difference.resource == "topic/orders" for difference in found)


def test_settings_that_the_yaml_does_not_mention_are_left_alone():
    assert differences("orders", declared(), live(segment_ms="1000")) == []


@given(st.integers(1, 10**15))
def test_a_duration_reads_back_to_the_same_milliseconds(milliseconds):
    from environments.quantities import parse_duration

    assert parse_duration(readable("retention.ms", str(milliseconds))) == timedelta(milliseconds=milliseconds)


@given(st.text(alphabet="0123456789.,truefalse -", max_size=12), st.sampled_from(["LONG", "BOOLEAN", "LIST", ""]))
def test_the_canonical_spelling_of_a_canonical_spelling_is_itself(value, kind):
    once = canonical("x", value, kind)
    assert canonical("x", once, kind) == once
