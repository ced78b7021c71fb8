"""What is healthy: a level and the reason for it, from the live state. No I/O.

``bad`` means that records are not moving or are being lost, ``warn`` that they may be soon or that the live state is
not the declared one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.cluster import LiveTopic
from cli.connector.live import LiveConnector
from cli.difference import Difference
from cli.lag import PartitionLag
from cli.stream.live import LiveStream


@dataclass(frozen=True)
class Health:
    """``ok``, ``warn`` or ``bad``, and why."""

    level: str
    reason: str = ""


OK = Health("ok")


def stream_health(live: LiveStream | None, differences: Sequence[Difference]) -> Health:
    """Of a declared stream."""
    if live is None:
        return Health("bad", "not deployed")
    if live.status == "DELETING":
        return Health("bad", "being deleted")
    if live.status != "ACTIVE":
        return Health("warn", f"{live.status.lower()}")
    return _as_declared(differences)


def topic_health(live: LiveTopic | None, differences: Sequence[Difference]) -> Health:
    """Of a declared topic."""
    if live is None:
        return Health("bad", "missing; create it with: streamops topic sync")
    if live.leaderless:
        return Health("bad", f"{_partitions(live.leaderless)} without a leader")
    if live.under_replicated:
        return Health("warn", f"{_partitions(live.under_replicated)} under-replicated")
    return _as_declared(differences)


def connector_health(live: LiveConnector | None, lags: Sequence[PartitionLag]) -> Health:
    """Of the connector of a route, with the lag of its consumer group where it has one."""
    if live is None:
        return Health("bad", "not deployed")
    return _running(live) or _reading(lags) or OK


def _running(live: LiveConnector) -> Health | None:
    unhealthy = live.task_health.get("unhealthy", 0)
    if live.rollout == "failed":
        return Health("bad", f"rollout failed: {live.rollout_reason or 'no reason given'}{_ended(live)}")
    if live.running < live.desired:
        starting = live.rollout == "in-progress" and live.last_stopped is None
        told = f"{live.running} of {live.desired} tasks running"
        return Health("warn", f"starting: {told}") if starting else Health("bad", f"{told}{_ended(live)}")
    if unhealthy:
        return Health("bad", f"{unhealthy} of {live.running} tasks unhealthy")
    if live.desired == 0:
        return Health("warn", "scaled to zero")
    if live.rollout == "in-progress":
        return Health("warn", "rollout in progress")
    return None


def _reading(lags: Sequence[PartitionLag]) -> Health | None:
    expired = sum(lag.expired for lag in lags)
    beyond = [lag.partition for lag in lags if lag.beyond_end]
    if expired:
        return Health("bad", f"{expired:,} records expired before they were read")
    if beyond:
        return Health("bad", f"committed beyond the end of {_partitions(beyond)}: was the topic recreated?")
    return None


def _ended(live: LiveConnector) -> str:
    last = live.last_stopped
    if last is None:
        return ""
    code = "" if last.exit_code is None else f", exit code {last.exit_code}"
    return f"; last stop: {last.reason or 'no reason given'}{code}"


def _as_declared(differences: Sequence[Difference]) -> Health:
    if not differences:
        return OK
    return Health("warn", f"differs from the YAML: {', '.join(difference.property for difference in differences)}")


def _partitions(indexes: Sequence[int]) -> str:
    plural = "s" if len(indexes) > 1 else ""
    return f"partition{plural} {', '.join(map(str, indexes))}"
