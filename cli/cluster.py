"""What streamops asks of a Kafka cluster, in types of its own; kafka-python answers with plain dictionaries."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError

from cli.kafka import admin_client
from environments import Environment

T = TypeVar("T")

Place = tuple[str, int]
"""A topic and one of its partitions."""

RETRY_SECONDS = 8.0
"""How long answers are asked again that Kafka marks as retriable: the coordinator of a group is not available for
some seconds on a fresh cluster, and while a broker restarts."""

PARTITIONS_PER_REQUEST = 2_000


@dataclass(frozen=True)
class Partition:
    """One partition as the cluster's metadata tells it."""

    index: int
    leader: int | None
    """Broker id; None while there is no leader, so that nobody can read or write."""
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(frozen=True)
class Setting:
    """One configuration entry of a topic."""

    name: str
    value: str | None
    source: str
    """Where the value comes from, in Kafka's words, such as ``dynamic-topic-config``."""
    type: str
    """``LONG``, ``BOOLEAN``, ``LIST``, … as Kafka declares it."""

    @property
    def own(self) -> bool:
        """Whether it was set on this topic, rather than inherited from the brokers."""
        return self.source == "dynamic-topic-config"


@dataclass(frozen=True)
class LiveTopic:
    """A topic that exists."""

    name: str
    partitions: tuple[Partition, ...]
    settings: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def replication(self) -> int:
        """Replicas of each partition; the smallest number while partitions differ."""
        return min((len(partition.replicas) for partition in self.partitions), default=0)

    @property
    def under_replicated(self) -> tuple[int, ...]:
        """Partitions that have lost a replica."""
        return tuple(p.index for p in self.partitions if len(p.in_sync) < len(p.replicas))

    @property
    def leaderless(self) -> tuple[int, ...]:
        """Partitions that nobody can read or write."""
        return tuple(p.index for p in self.partitions if p.leader is None)

    @property
    def state(self) -> str:
        """Its state in one word."""
        if self.leaderless:
            return "offline"
        return "under-replicated" if self.under_replicated else "ok"


@dataclass(frozen=True)
class NewTopic:
    """A topic to be created."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class Cluster:
    """The cluster of one environment."""

    def __init__(self, admin: KafkaAdminClient) -> None:
        self.admin = admin
        """For what one command alone asks; what several ask stands here."""

    def cluster_id(self) -> str:
        """The id that the cluster was formatted with."""
        return str(self.admin.describe_cluster()["cluster_id"])

    def topic_names(self) -> list[str]:
        """All topics except the cluster's own."""
        topics = retrying(lambda: self.admin.describe_topics(None))
        return sorted(topic["name"] for topic in topics if not topic["is_internal"])

    def topics(self, names: Collection[str], *, settings: bool = True) -> dict[str, LiveTopic]:
        """The topics among ``names`` that exist; one request for all of them, and one for their settings."""
        if not names:
            return {}
        described = retrying(lambda: self.admin.describe_topics(list(names)))
        found = {topic["name"]: topic for topic in described if topic["partitions"]}
        known = self._settings(list(found)) if settings and found else {}
        return {
            name: LiveTopic(
                name=name,
                partitions=tuple(sorted(map(_partition, topic["partitions"]), key=lambda p: p.index)),
                settings=known.get(name, {}),
            )
            for name, topic in found.items()
        }

    def begin_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """The first offset of each partition that is still there."""
        return self._offsets(places, OffsetSpec.EARLIEST)

    def end_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset that the next record of each partition will have."""
        return self._offsets(places, OffsetSpec.LATEST)

    def committed(self, groups: Collection[str]) -> dict[str, dict[Place, int]]:
        """What each consumer group has committed; nothing for a group that does not exist."""
        if not groups:
            return {}
        answer = retrying(lambda: self.admin.list_group_offsets(list(groups)))
        return {
            group: {(at.topic, at.partition): entry.offset for at, entry in offsets.items() if entry.offset >= 0}
            for group, offsets in answer.items()
        }

    def group_states(self, groups: Collection[str]) -> dict[str, tuple[str, int]]:
        """State in Kafka's words (``Stable``, ``Empty``, ``Dead``, …) and number of members of each group."""
        if not groups:
            return {}
        answer = retrying(lambda: self.admin.describe_groups(list(groups)))
        return {name: (group["group_state"], len(group["members"])) for name, group in answer.items()}

    def create(self, topics: Sequence[NewTopic], *, validate_only: bool = False) -> dict[str, str]:
        """Create topics, or only ask whether the cluster would.

        Returns:
            the reason of the cluster for each topic that it refused.
        """
        if not topics:
            return {}
        wanted = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication,
                "configs": dict(topic.config),
            }
            for topic in topics
        }
        answer = self.admin.create_topics(wanted, validate_only=validate_only, raise_errors=False)
        return {
            topic["name"]: topic["error_message"] or f"error {topic['error_code']}"
            for topic in answer["topics"]
            if topic["error_code"]
        }

    def wait_until_ready(self, names: Sequence[str], *, seconds: float = 30.0) -> None:
        """Wait until every partition of the topics has a leader; KafkaTimeoutError when it takes longer."""
        self.admin.wait_for_topics(list(names), timeout_ms=int(seconds * 1000))

    def _settings(self, names: Sequence[str]) -> dict[str, dict[str, Setting]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answer = retrying(lambda: self.admin.describe_configs(resources, config_filter="all"))
        return {
            topic: {name: _setting(name, entry) for name, entry in sorted(entries.items())}
            for topic, entries in answer["topic"].items()
        }

    def _offsets(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        found: dict[Place, int] = {}
        ordered = sorted(places)
        for first in range(0, len(ordered), PARTITIONS_PER_REQUEST):
            wanted = {TopicPartition(*place): spec for place in ordered[first : first + PARTITIONS_PER_REQUEST]}
            answer = retrying(partial(self.admin.list_partition_offsets, wanted))
            found |= {(at.topic, at.partition): entry.offset for at, entry in answer.items()}
        return found


@contextmanager
def open_cluster(environment: Environment) -> Iterator[Cluster]:
    """Connect to the cluster of an environment; see ``cli.kafka.admin_client`` for what it raises."""
    with admin_client(environment) as admin:
        yield Cluster(admin)


def retrying(call: Callable[[], T], *, seconds: float = RETRY_SECONDS) -> T:
    """Ask again while the cluster answers with an error that it calls retriable."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _partition(described: Mapping[str, Any]) -> Partition:
    leader = described["leader_id"]
    return Partition(
        index=described["partition_index"],
        leader=leader if leader >= 0 else None,
        replicas=tuple(described["replica_nodes"]),
        in_sync=tuple(described["isr_nodes"]),
    )


def _setting(name: str, entry: Mapping[str, Any]) -> Setting:
    return Setting(
        name=name,
        value=entry["value"],
        source=str(entry["config_source"]).lower().replace("_", "-"),
        type=str(entry.get("config_type", "STRING")),
    )
