"""Where the replicas of a cluster lie, and where those under way are heading."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cli.cluster import BrokerNode, Cluster, LiveTopic, Place, retrying
from cli.reassignment.placement import Layout, Racks, Replicas
from cli.reassignment.planner import Move

TOLD_SECONDS = 1.0
"""How long a broker may take to hear from the controller."""


@dataclass(frozen=True)
class LiveLayout:
    """All topics of a cluster and all of its brokers."""

    brokers: Mapping[int, BrokerNode]
    topics: Mapping[str, LiveTopic]
    """Without their settings; Kafka's own too."""
    running: Mapping[Place, Move]
    """The reassignments under way."""

    @property
    def alive(self) -> set[int]:
        """Brokers that can take replicas."""
        return {broker.id for broker in self.brokers.values() if not broker.fenced}

    def layout(self, topic: str) -> Layout:
        """The replicas of a topic once what is under way has ended."""
        heading = {at: move.after for at, move in self.running.items()}
        return {each.index: heading.get((topic, each.index), each.replicas) for each in self.topics[topic].partitions}

    @property
    def uneven(self) -> bool:
        """Whether partitions of a topic have different numbers of replicas."""
        return any(len(set(map(len, self.layout(topic).values()))) > 1 for topic in self.topics)

    def racks(self, off: Collection[int] = ()) -> Racks:
        """The brokers that may hold replicas, without those that are to be left."""
        return {broker: self.brokers[broker].rack for broker in sorted(self.alive - set(off))}

    def others(self, names: Collection[str]) -> list[Replicas]:
        """The partitions of all topics but these."""
        return [replicas for topic in self.topics if topic not in names for replicas in self.layout(topic).values()]

    def underway(self, names: Collection[str]) -> list[Move]:
        """The partitions of these topics that are being reassigned."""
        return [move for _, move in sorted(self.running.items()) if move.topic in names]


def read_layout(cluster: Cluster) -> LiveLayout:
    """Read all of it: three requests, and one more for each 1,000 topics.

    Who is moving is told by the controller, where replicas lie by a broker that may hear a moment later of a move that
    has just ended. It then shows a partition with replicas to spare, so such ones are looked at again.
    """
    deadline = time.monotonic() + TOLD_SECONDS
    while (found := _read_layout(cluster)).uneven and time.monotonic() < deadline:
        time.sleep(TOLD_SECONDS / 4)
    return found


def _read_layout(cluster: Cluster) -> LiveLayout:
    running = retrying(cluster.admin.list_partition_reassignments)
    names = [topic["name"] for topic in retrying(lambda: cluster.admin.describe_topics(None))]
    return LiveLayout(
        brokers={broker.id: broker for broker in cluster.brokers()},
        topics=cluster.topics(names, settings=False),
        running={(at.topic, at.partition): _move(at.topic, at.partition, entry) for at, entry in running.items()},
    )


def _move(topic: str, partition: int, entry: Mapping[str, Sequence[int]]) -> Move:
    """A running reassignment; meanwhile the partition has the replicas of before and after."""
    replicas, adding, removing = (entry[name] for name in ("replicas", "adding_replicas", "removing_replicas"))
    before = tuple(broker for broker in replicas if broker not in adding)
    return Move(topic, partition, before, tuple(broker for broker in replicas if broker not in removing))
