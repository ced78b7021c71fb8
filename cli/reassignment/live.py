"""Where the replicas of a cluster lie, and where those under way are heading."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cli.cluster import BrokerNode, Cluster, LiveTopic, Place, retrying
from cli.reassignment.placement import Layout, Racks, Replicas
from cli.reassignment.planner import Move, plan_moves

TOLD_SECONDS = 1.0
"""How long a broker may take to hear from the controller."""


@dataclass(frozen=True)
class LiveLayout:
    """All topics of a cluster and all of its brokers."""

    brokers: Mapping[int, BrokerNode]
    topics: Mapping[str, LiveTopic]
    """Without their settings; Kafka's own too."""
    heading: Mapping[Place, Replicas]
    """What running reassignments lead to."""

    @property
    def alive(self) -> set[int]:
        """Brokers that can take replicas."""
        return {broker.id for broker in self.brokers.values() if not broker.fenced}

    def layout(self, topic: str) -> Layout:
        """The replicas of a topic once what is under way has ended."""
        return {
            each.index: self.heading.get((topic, each.index), each.replicas) for each in self.topics[topic].partitions
        }

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
        now = {(name, each.index): each.replicas for name in names for each in self.topics[name].partitions}
        return [Move(*at, now[at], replicas) for at, replicas in sorted(self.heading.items()) if at in now]


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
        heading={
            (at.topic, at.partition): tuple(b for b in entry["replicas"] if b not in entry["removing_replicas"])
            for at, entry in running.items()
        },
    )


def replication_moves(live: LiveLayout, wanted: Mapping[str, int]) -> list[Move]:
    """The moves that give topics (by their names on the cluster) another number of replicas.

    Raises:
        ValueError: there are fewer brokers than replicas.
    """
    layouts = {name: live.layout(name) for name in wanted}
    return plan_moves(layouts, live.racks(), replication=wanted, others=live.others(wanted))
