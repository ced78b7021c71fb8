"""The declared topics of an environment as they are, with the offsets of the groups that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.cluster import Cluster, LiveTopic, Place
from cli.lag import PartitionLag, partition_lags
from environments import Environment, TopicEnd, naming


@dataclass(frozen=True)
class LiveTopics:
    """All that a cluster knows about the topics and routes of an environment, read with a handful of requests."""

    environment: Environment
    topics: Mapping[str, LiveTopic]
    """By physical name; those that do not exist are not in it."""
    begin: Mapping[Place, int]
    """The first offset of each partition; without the partitions that have no leader to ask."""
    end: Mapping[Place, int]
    committed: Mapping[str, Mapping[Place, int]]
    """By consumer group."""

    def records(self, topic: LiveTopic) -> int | None:
        """Records by offsets; None where a partition could not be asked. Compacted ones and markers count too."""
        if topic.leaderless:
            return None
        places = self._places(topic)
        return sum(self.end[place] - self.begin[place] for place in places)

    def lags(self, route: str) -> list[PartitionLag] | None:
        """The lag of the route's group in each partition it reads; None where it reads no topic that exists."""
        declared = self.environment.routes[route]
        source = declared.source
        if not isinstance(source, TopicEnd):
            return None
        topic = self.topics.get(naming.topic_name(self.environment, source.topic))
        if topic is None:
            return None
        committed = self.committed.get(naming.consumer_group(self.environment, route), {})
        places, at_end = self._places(topic), declared.start == "latest"
        return partition_lags(places, self.begin, self.end, committed, starts_at_end=at_end)

    def _places(self, topic: LiveTopic) -> list[Place]:
        return [(topic.name, partition.index) for partition in topic.partitions if partition.leader is not None]


def read_topics(environment: Environment, cluster: Cluster, *names: str) -> LiveTopics:
    """Read the topics of these short names, all declared ones by default, and the groups of the routes from them."""
    chosen = names or tuple(environment.topics)
    live = cluster.topics([naming.topic_name(environment, name) for name in chosen])
    places = [(t.name, p.index) for t in live.values() for p in t.partitions if p.leader is not None]
    groups = [
        naming.consumer_group(environment, route) for name in chosen for route in reading_routes(environment, name)
    ]
    return LiveTopics(
        environment=environment,
        topics=live,
        begin=cluster.begin_offsets(places),
        end=cluster.end_offsets(places),
        committed=cluster.committed(groups),
    )


def reading_routes(environment: Environment, topic: str) -> list[str]:
    """The routes that read the topic of this short name."""
    return [name for name, route in environment.routes.items() if route.source == TopicEnd(topic=topic)]
