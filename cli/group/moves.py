"""Which partitions of a group are meant, and where it shall go on in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.cluster import Cluster, Place
from cli.errors import CliError, NotFoundError
from cli.group.names import group_id, missing, routes_by_group
from cli.group.offsets import offsets_at_time
from cli.group.offsets_file import OffsetsFile
from cli.group.target import Kind, Move, parse_target
from environments import Environment, TopicEnd, naming


@dataclass(frozen=True)
class TopicPart:
    """A topic, or some of its partitions."""

    topic: str
    partitions: tuple[int, ...] = ()
    """All, where there are none."""

    @classmethod
    def parse(cls, text: str) -> TopicPart:
        """Read ``orders`` or ``orders:0,1``; ValueError where it is neither."""
        match = re.fullmatch(r"([^:]+)(?::(\d+(?:,\d+)*))?", text)
        if match is None:
            raise ValueError(f"--topic {text!r} is neither a topic nor TOPIC:0,1")
        return cls(match[1], tuple(map(int, match[2].split(","))) if match[2] else ())

    def __str__(self) -> str:
        return f"{self.topic}:{','.join(map(str, self.partitions))}" if self.partitions else self.topic


@dataclass(frozen=True)
class Wish:
    """What was asked for; one of ``to``, ``to_group`` and ``file``."""

    to: str | None = None
    to_group: str | None = None
    file: OffsetsFile | None = None
    topics: tuple[TopicPart, ...] = ()


def read_moves(
    environment: Environment, cluster: Cluster, name: str, wish: Wish, committed: Mapping[Place, int]
) -> list[Move]:
    """Where the group ``name`` goes in each partition that is meant, from what it has ``committed``.

    Raises:
        CliError: a partition is not there, or cannot be asked.
        NotFoundError: the other group is not there.
    """
    source = _source(environment, cluster, wish)
    places = _places(environment, cluster, name, wish, committed, source)
    live = cluster.topics({topic for topic, _ in places}, settings=False)
    led = {(topic.name, p.index) for topic in live.values() for p in topic.partitions if p.leader is not None}
    if lacking := sorted(places - led):
        told = ", ".join(f"{topic} {partition}" for topic, partition in lacking)
        raise CliError(
            f"not on the cluster, or without a leader: {told}", "name what shall be moved with --topic TOPIC:0,1"
        )
    begin, end = cluster.begin_offsets(places), cluster.end_offsets(places)
    goals = source if wish.to is None else _goals(cluster, wish.to, begin, end, committed)
    return [
        Move(*place, begin[place], end[place], committed.get(place), goals[place])
        for place in sorted(places)
        if place in goals
    ]


def _source(environment: Environment, cluster: Cluster, wish: Wish) -> Mapping[Place, int | None]:
    """The offsets that a file or another group gives."""
    if wish.file:
        return wish.file.offsets
    if wish.to_group is None:
        return {}
    other = group_id(environment, wish.to_group)
    offsets = cluster.committed([other]).get(other, {})
    if not offsets:
        raise missing(environment, wish.to_group, [group.name for group in cluster.groups()])
    return offsets


def _places(
    environment: Environment,
    cluster: Cluster,
    name: str,
    wish: Wish,
    committed: Mapping[Place, int],
    source: Mapping[Place, int | None],
) -> set[Place]:
    """The partitions named; without any all of the file, of the route, or those that are committed."""
    if wish.topics:
        named = {place for part in wish.topics for place in _named(environment, cluster, part)}
        return named if wish.to is not None else named & source.keys()
    route = routes_by_group(environment).get(group_id(environment, name))
    if wish.file:
        return set(source)
    if wish.to_group is not None:
        own = {topic for topic, _ in committed} | ({_topic_of(environment, route)} if route else set())
        return {place for place in source if not own or place[0] in own}
    return _all(environment, cluster, _topic_of(environment, route)) if route else set(committed)


def _named(environment: Environment, cluster: Cluster, part: TopicPart) -> set[Place]:
    topic = naming.topic_name(environment, part.topic) if part.topic in environment.topics else part.topic
    return {(topic, partition) for partition in part.partitions} or _all(environment, cluster, topic)


def _all(environment: Environment, cluster: Cluster, topic: str) -> set[Place]:
    live = cluster.topics([topic], settings=False).get(topic)
    if live is None:
        raise NotFoundError(
            f"topic {topic} is not on the cluster of environment {environment.name}",
            f"see: streamops topic list -e {environment.name}",
        )
    return {(topic, partition.index) for partition in live.partitions}


def _topic_of(environment: Environment, route: str) -> str:
    source = environment.routes[route].source
    assert isinstance(source, TopicEnd)  # noqa: S101 - routes_by_group has no others
    return naming.topic_name(environment, source.topic)


def _goals(
    cluster: Cluster,
    to: str,
    begin: Mapping[Place, int],
    end: Mapping[Place, int],
    committed: Mapping[Place, int],
) -> Mapping[Place, int | None]:
    target = parse_target(to, datetime.now(UTC))
    match target.kind:
        case Kind.START:
            return begin
        case Kind.END:
            return end
        case Kind.OFFSET:
            return dict.fromkeys(end, target.number)
        case Kind.SHIFT:
            return {place: committed[place] + target.number if place in committed else None for place in end}
        case Kind.TIME:
            found = offsets_at_time(cluster, list(end), target.number)
            return {place: found.get(place, end[place]) for place in end}
