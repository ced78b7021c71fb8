"""What a topic holds, as far as its retention depends on it, asked with a handful of requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import IncompatibleBrokerVersion, KafkaError, UnsupportedVersionError

from cli.cluster import Cluster, LiveTopic, LogDir, Place, retrying
from cli.cluster.asking import PARTITIONS_PER_REQUEST, batches
from cli.topic.live import reading_routes
from cli.topic.retention.losses import PartitionState
from environments import Environment, naming

CHECK_INTERVAL = "log.retention.check.interval.ms"
CHECK_INTERVAL_DEFAULT = 300_000
"""Kafka's own, for clusters that keep the settings of their brokers to themselves."""


@dataclass(frozen=True)
class TopicState:
    """What a topic holds."""

    partitions: tuple[PartitionState, ...]
    """Those that have a leader."""
    leaderless: tuple[int, ...] = ()
    log_dirs: tuple[LogDir, ...] = ()
    """With the sizes of the topic's replicas; empty where the brokers do not tell."""


def read_state(cluster: Cluster, topic: LiveTopic) -> TopicState:
    """Offsets, sizes and times of each partition."""
    places = [(topic.name, each.index) for each in topic.partitions if each.leader is not None]
    begin, end = cluster.begin_offsets(places), cluster.end_offsets(places)
    oldest = _timestamps(cluster, places, 0)  # the first record that has any timestamp
    newest = _newest(cluster, places)
    dirs = _log_dirs(cluster, [(topic.name, each.index) for each in topic.partitions])
    leaders = {each.index: each.leader for each in topic.partitions}
    sizes = {place: size for found in dirs for place, size in found.sizes.items() if leaders[place[1]] == found.broker}
    return TopicState(
        partitions=tuple(
            PartitionState(
                index=place[1],
                begin=begin[place],
                end=end[place],
                size=sizes.get(place),
                oldest=oldest.get(place),
                newest=newest.get(place),
            )
            for place in places
        ),
        leaderless=topic.leaderless,
        log_dirs=tuple(dirs),
    )


def first_younger(cluster: Cluster, places: Collection[Place], timestamp: int) -> dict[int, int | None]:
    """By partition of one topic, the first offset whose record has this timestamp or a later one; None for no such."""
    found = _looked_up(cluster, places, max(0, timestamp))
    return {place[1]: offset if offset >= 0 else None for place, (offset, _) in found.items()}


def read_groups(cluster: Cluster, topic: str) -> dict[str, dict[int, int]]:
    """What each group has committed in a topic, by partition."""
    readers = cluster.readers([topic])[topic]
    return {
        group.name: {partition: offset for (_, partition), offset in offsets.items()}
        for group, offsets in readers.items()
    }


def beginnings(
    environment: Environment, cluster: Cluster, name: str, topic: str, partitions: Collection[PartitionState]
) -> dict[str, dict[int, int]]:
    """Where the group of each route that reads a topic begins where it has committed nothing, by partition.

    A route that begins at the latest record is not in it: where that was when it began, nobody can tell.

    Args:
        environment: with the routes.
        cluster: asked where a route begins at a time.
        name: the topic's short name.
        topic: its name on the cluster.
        partitions: what it holds.
    """
    found: dict[str, dict[int, int]] = {}
    for route in reading_routes(environment, name):
        start = environment.routes[route].start
        group = naming.consumer_group(environment, route)
        if start == "earliest":
            found[group] = {each.index: each.begin for each in partitions}
        elif isinstance(start, datetime):
            places = [(topic, each.index) for each in partitions]
            offsets = first_younger(cluster, places, int(start.timestamp() * 1000))
            ends = {each.index: each.end for each in partitions}
            found[group] = {index: ends[index] if offset is None else offset for index, offset in offsets.items()}
    return found


def check_interval(cluster: Cluster, topic: LiveTopic) -> int:
    """How often the brokers of a topic look for what to delete, in ms: the longest of them."""
    brokers = {broker for each in topic.partitions for broker in each.replicas}
    try:
        settings = cluster.broker_settings(brokers)
    except KafkaError:  # a managed cluster, or credentials that may not ask
        return CHECK_INTERVAL_DEFAULT
    values = [entries[CHECK_INTERVAL].value for entries in settings.values() if CHECK_INTERVAL in entries]
    return max((int(value) for value in values if value), default=CHECK_INTERVAL_DEFAULT)


def _timestamps(cluster: Cluster, places: Collection[Place], spec: int) -> dict[Place, int]:
    return {place: time for place, (_, time) in _looked_up(cluster, places, spec).items() if time >= 0}


def _newest(cluster: Cluster, places: Collection[Place]) -> dict[Place, int]:
    try:
        return _timestamps(cluster, places, OffsetSpec.MAX_TIMESTAMP)
    except (IncompatibleBrokerVersion, UnsupportedVersionError):  # before Kafka 3.0 (KIP-734)
        return {}


def _looked_up(cluster: Cluster, places: Collection[Place], spec: int) -> dict[Place, tuple[int, int]]:
    """Offset and timestamp that ListOffsets answers, -1 for none."""
    found: dict[Place, tuple[int, int]] = {}
    for some in batches(sorted(places), PARTITIONS_PER_REQUEST):
        wanted = {TopicPartition(*place): spec for place in some}
        answer = retrying(partial(cluster.admin.list_partition_offsets, wanted))
        found |= {(at.topic, at.partition): (entry.offset, entry.timestamp) for at, entry in answer.items()}
    return found


def _log_dirs(cluster: Cluster, places: Collection[Place]) -> list[LogDir]:
    try:
        return cluster.log_dirs(places)
    except KafkaError:  # not allowed (DescribeLogDirs needs Describe on the cluster), or not there on MSK Serverless
        return []
