"""Waiting between the steps of a lower retention: for the brokers' retention check, and for their health."""

from __future__ import annotations

import time

from cli import cluster_health
from cli.cluster import Cluster, LiveTopic
from cli.errors import CliError
from cli.interruption import pause
from cli.output import note
from cli.topic.retention.amounts import about_time, records
from cli.topic.retention.guard import lost, now_ms
from cli.topic.retention.limits import Limits
from cli.topic.retention.reading import check_interval, read_state

SLACK_SECONDS = 15.0
"""For the check itself: a broker goes through all of its logs, one after the other."""
HEALTH_SECONDS = 60.0
"""How long a cluster may take to be well again before the next step."""
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 10.0


def await_deletion(cluster: Cluster, topic: LiveTopic, limits: Limits) -> int:
    """Wait until the brokers have looked once for what to delete, or all that can go has gone.

    The start of a partition may never move: it is empty, or what is too old shares a segment with younger records. What
    the wait is bounded by is therefore one interval of the check, in which each broker looks once.

    Returns:
        how many records have gone meanwhile.
    """
    state = read_state(cluster, topic)
    goals = {(topic.name, loss.partition): loss.keep_from for loss in lost(cluster, topic, state, limits, now_ms())}
    if not goals:
        return 0
    before = {(topic.name, each.index): each.begin for each in state.partitions}
    seconds = check_interval(cluster, topic) / 1000 + SLACK_SECONDS
    note(f"waiting until the brokers have looked for what to delete, up to {about_time(int(seconds * 1000))}")
    deadline = time.monotonic() + seconds
    poll = min(LONGEST_POLL_SECONDS, max(POLL_SECONDS, seconds / 30))
    while True:
        begin = cluster.begin_offsets(goals)
        if all(begin[place] >= goal for place, goal in goals.items()) or time.monotonic() >= deadline:
            break
        pause(min(poll, max(0.0, deadline - time.monotonic())))
    gone = sum(begin[place] - before[place] for place in goals)
    left = sum(max(0, goal - begin[place]) for place, goal in goals.items())
    note(
        f"deleted: {records(gone)}"
        + (f"; as old, but in one segment with younger ones: {records(left)}" if left else "")
    )
    return gone


def await_health(cluster: Cluster) -> None:
    """Wait for a while until all is well with the cluster.

    Raises:
        CliError: it is not.
    """
    deadline = time.monotonic() + HEALTH_SECONDS
    while problems := cluster_health.problems(cluster):
        if time.monotonic() >= deadline:
            raise CliError(f"the cluster is not well enough for the next step: {'; '.join(problems)}")
        pause(POLL_SECONDS)
