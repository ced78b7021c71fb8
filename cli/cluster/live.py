"""What a Kafka cluster consists of, in types of streamops' own. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Place = tuple[str, int]
"""A topic and one of its partitions."""


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
    """One configuration entry of a topic or broker."""

    name: str
    value: str | None
    """None for what Kafka keeps to itself, such as a password."""
    source: str
    """Where the value comes from, in Kafka's words, such as ``dynamic-topic-config``."""
    type: str
    """``LONG``, ``BOOLEAN``, ``LIST``, … as Kafka declares it."""
    read_only: bool = False
    """Whether Kafka refuses to change it while it runs."""

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
    internal: bool = False
    """Whether Kafka keeps it for itself, such as ``__consumer_offsets``."""

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


@dataclass(frozen=True)
class BrokerNode:
    """One broker of the cluster."""

    id: int
    host: str
    port: int
    rack: str | None
    """None where the brokers are not told where they stand."""
    fenced: bool = False
    """Whether the controller keeps it from leading and holding partitions, as it does until it has caught up."""


@dataclass(frozen=True)
class LogDir:
    """One log directory of a broker."""

    broker: int
    path: str
    total_bytes: int | None
    """Of the disk; None where the brokers do not tell (before Kafka 3.3, KIP-827)."""
    usable_bytes: int | None
    sizes: Mapping[Place, int]
    """Bytes of each replica that lies in it."""


@dataclass(frozen=True)
class Group:
    """A consumer group as the list of groups tells it."""

    name: str
    state: str
    """In Kafka's words: ``Stable``, ``Empty``, ``PreparingRebalance``, …"""
    type: str
    """``classic``, ``consumer`` (KIP-848) or ``share``; ``classic`` where the brokers do not tell."""

    @property
    def active(self) -> bool:
        """Whether it has members."""
        return self.state.lower() not in ("empty", "dead")
