"""What counts as healthy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli.cluster import LiveTopic, Partition
from cli.connector.live import LiveConnector, StoppedTask
from cli.difference import Difference
from cli.health import connector_health, stream_health, topic_health
from cli.lag import PartitionLag
from cli.stream.live import LiveStream

DIFFERENCE = Difference("stream/orders", "shards", "4", "2")


def stream(status: str) -> LiveStream:
    return LiveStream(
        "dev-orders", "arn", status, "provisioned", 2, timedelta(hours=24), "managed", 1 << 20, "partition-key", 0, None
    )


def topic(leader: int | None = 1, in_sync: tuple[int, ...] = (1, 2)) -> LiveTopic:
    return LiveTopic("orders", (Partition(0, 1, (1, 2), (1, 2)), Partition(1, leader, (1, 2), in_sync)))


HEALTHY = LiveConnector(
    service="orders-to-stream",
    desired=2,
    running=2,
    pending=0,
    rollout="completed",
    rollout_reason="",
    task_definition="orders-to-stream:3",
    task_health={"healthy": 2},
    last_stopped=None,
)


def connector(**changes: Any) -> LiveConnector:
    return replace(HEALTHY, **changes)


STOPPED = StoppedTask("Essential container in task exited", 1, None)


@pytest.mark.parametrize(
    ("live", "differences", "level", "reason"),
    [
        (stream("ACTIVE"), [], "ok", ""),
        (stream("UPDATING"), [DIFFERENCE], "warn", "updating"),
        (stream("ACTIVE"), [DIFFERENCE], "warn", "shards"),
        (stream("DELETING"), [], "bad", "deleted"),
        (None, [], "bad", "not deployed"),
    ],
)
def test_streams(live, differences, level, reason):
    health = stream_health(live, differences)
    assert health.level == level
    assert reason in health.reason


@pytest.mark.parametrize(
    ("live", "level", "reason"),
    [
        (topic(), "ok", ""),
        (topic(in_sync=(1,)), "warn", "partition 1 under-replicated"),
        (topic(leader=None, in_sync=()), "bad", "partition 1 without a leader"),
        (None, "bad", "streamops topic sync"),
    ],
)
def test_topics(live, level, reason):
    health = topic_health(live, ())
    assert health.level == level
    assert reason in health.reason


@pytest.mark.parametrize(
    ("live", "level", "reason"),
    [
        (connector(), "ok", ""),
        (None, "bad", "not deployed"),
        (connector(desired=0, running=0), "warn", "scaled to zero"),
        (connector(running=0, rollout="in-progress"), "warn", "starting: 0 of 2"),
        (connector(running=0, rollout="in-progress", last_stopped=STOPPED), "bad", "exit code 1"),
        (connector(running=1), "bad", "1 of 2 tasks running"),
        (connector(rollout="failed", rollout_reason="circuit breaker"), "bad", "circuit breaker"),
        (connector(task_health={"healthy": 1, "unhealthy": 1}), "bad", "1 of 2 tasks unhealthy"),
        (connector(rollout="in-progress"), "warn", "in progress"),
    ],
)
def test_connectors(live, level, reason):
    health = connector_health(live, ())
    assert health.level == level
    assert reason in health.reason


@pytest.mark.parametrize(
    ("lag", "level", "reason"),
    [
        (PartitionLag("orders", 0, 0, 1_000_000, 0), "ok", ""),
        (PartitionLag("orders", 0, 2500, 3000, 1000), "bad", "1,500 records expired"),
        (PartitionLag("orders", 7, 0, 10, 11), "bad", "beyond the end of partition 7"),
    ],
)
def test_lag_alone_is_no_illness_but_lost_records_are(lag, level, reason):
    health = connector_health(connector(), [lag])
    assert health.level == level
    assert reason in health.reason
