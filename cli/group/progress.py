"""How far groups have come in their topics, read with a number of requests that does not grow with the partitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cli.cluster import Cluster, Place
from cli.group.members import Described
from cli.group.names import routes_by_group
from cli.lag import PartitionLag, longest, partition_lags, with_times
from cli.record_times import read_all_times
from environments import Environment, naming


@dataclass(frozen=True)
class Progress:
    """One group in all the partitions that it reads."""

    lags: tuple[PartitionLag, ...]
    unreadable: tuple[Place, ...] = ()
    """Partitions of which nothing is known: the topic is gone, or nobody leads them."""

    @property
    def lag(self) -> int:
        """Records."""
        return sum(lag.lag for lag in self.lags)

    @property
    def time(self) -> timedelta | None:
        """Of the partition that is furthest behind; None where it is not known."""
        return longest(self.lags)

    @property
    def topics(self) -> list[str]:
        """Those that it reads or has read."""
        return sorted({lag.topic for lag in self.lags} | {topic for topic, _ in self.unreadable})


def read_progress(
    environment: Environment,
    cluster: Cluster,
    groups: Mapping[str, Described | None],
    *,
    in_time: bool = True,
    only: str | None = None,
) -> dict[str, Progress]:
    """How far each group has come.

    Of a route, all partitions of its topic count. Of another group those count that it has committed or that are
    assigned to a member: where it begins in others nobody but its consumers knows.

    Args:
        environment: whose routes are known.
        cluster: where.
        groups: by id, with their members; None for one that does not exist.
        in_time: whether the lag in time is read too.
        only: the one topic that matters; all of them by default.
    """
    committed = cluster.committed(groups)
    routes = routes_by_group(environment)
    assigned = {name: _assigned(described) for name, described in groups.items()}
    topics = {topic for name in groups for topic, _ in {*committed.get(name, {}), *assigned[name]}}
    topics |= {_topic(environment, routes[name]) for name in groups if name in routes}
    live = cluster.topics(topics, settings=False)
    leaders = {
        (topic.name, partition.index): partition.leader
        for topic in live.values()
        for partition in topic.partitions
        if partition.leader is not None
    }
    places: dict[str, set[Place]] = {}
    for name in groups:
        places[name] = {*committed.get(name, {}), *assigned[name]}
        if name in routes:
            own = live.get(_topic(environment, routes[name]))
            places[name] |= {(own.name, partition.index) for partition in own.partitions} if own else set()
        if only:
            places[name] = {place for place in places[name] if place[0] == only}
    readable = {place for some in places.values() for place in some if place in leaders}
    begin, end = cluster.begin_offsets(readable), cluster.end_offsets(readable)
    lags = {
        name: partition_lags(
            some & readable,
            begin,
            end,
            committed.get(name, {}),
            starts_at_end=name in routes and environment.routes[routes[name]].start == "latest",
        )
        for name, some in places.items()
    }
    if in_time:
        wanted = {((each.topic, each.partition), each.next) for some in lags.values() for each in some}
        times = read_all_times(cluster, {(at, offset) for at, offset in wanted if offset is not None}, leaders=leaders)
        lags = {name: with_times(some, times, datetime.now(UTC)) for name, some in lags.items()}
    return {name: Progress(tuple(lags[name]), tuple(sorted(places[name] - readable))) for name in groups}


def _assigned(described: Described | None) -> Collection[Place]:
    return {place for member in described.members for place in member.assigned} if described else ()


def _topic(environment: Environment, route: str) -> str:
    source = environment.routes[route].source
    return naming.topic_name(environment, getattr(source, "topic", ""))
