"""Whether a cluster stands well enough for the next step of a change: the gate between steps.

Kafka's own words: a partition is offline without a leader, under-replicated while replicas are missing from its
in-sync ones, and under min.insync.replicas when producers with ``acks=all`` are refused.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from kafka.admin import ConfigResource, ConfigResourceType

from cli.cluster import Cluster, LiveTopic, Partition, Place, retrying

MIN_IN_SYNC = "min.insync.replicas"
AGAIN_SECONDS = 1.0
SHOWN = 5
"""Partitions that a problem names; the others are counted."""


@dataclass(frozen=True)
class Health:
    """The partitions that are not as they should be."""

    offline: tuple[Place, ...] = ()
    under_min_in_sync: tuple[Place, ...] = ()
    under_replicated: tuple[Place, ...] = ()
    reassigning: tuple[Place, ...] = ()

    def without_reassigning(self, topics: Collection[str]) -> Health:
        """The same, with what is being reassigned of these topics taken as no problem."""
        return replace(self, reassigning=tuple(place for place in self.reassigning if place[0] not in topics))

    def still(self, later: Health) -> Health:
        """What is wrong in both."""
        return Health(
            *(
                tuple(place for place in getattr(later, each.name) if place in getattr(self, each.name))
                for each in fields(self)
            )
        )

    def problems(self) -> list[str]:
        """A line for each kind of problem, the worst first; nothing where all is well."""
        kinds = (
            (self.offline, "offline: nobody can read or write them"),
            (self.under_min_in_sync, f"under {MIN_IN_SYNC}: producers with acks=all are refused"),
            (self.under_replicated, "under-replicated"),
            (self.reassigning, "being reassigned"),
        )
        return [f"{_counted(places)} {what} ({_named(places)})" for places, what in kinds if places]


def problems(cluster: Cluster, *, apart_from: Collection[int] = ()) -> list[str]:
    """What speaks against another step now, a sentence each; nothing where all is well.

    Args:
        cluster: all of its topics are looked at, Kafka's own too; a handful of requests.
        apart_from: brokers whose missing replicas are no news, since they are being emptied.
    """
    return read_health(cluster, apart_from=apart_from).problems()


def read_health(cluster: Cluster, *, apart_from: Collection[int] = ()) -> Health:
    """The partitions of all topics that are not as they should be, and are not a second later either.

    Brokers hear a moment after the controller of a reassignment that has ended, and a replica may be behind for once.
    """
    found = _read_health(cluster, apart_from)
    if not found.problems():
        return found
    time.sleep(AGAIN_SECONDS)
    return found.still(_read_health(cluster, apart_from))


def _read_health(cluster: Cluster, apart_from: Collection[int]) -> Health:
    reassigning = retrying(cluster.admin.list_partition_reassignments)
    described = retrying(lambda: cluster.admin.describe_topics(None))
    topics = cluster.topics([topic["name"] for topic in described], settings=False)
    suspects = [topic.name for topic in topics.values() if topic.under_replicated]
    return health_of(
        topics.values(),
        min_in_sync=_min_in_sync(cluster, suspects),
        reassigning=[(at.topic, at.partition) for at in reassigning],
        apart_from=apart_from,
    )


def health_of(
    topics: Iterable[LiveTopic],
    *,
    min_in_sync: Mapping[str, int],
    reassigning: Iterable[Place] = (),
    apart_from: Collection[int] = (),
) -> Health:
    """Judge each partition. No I/O.

    Args:
        topics: to be judged.
        min_in_sync: ``min.insync.replicas`` by topic, where it is known.
        reassigning: partitions under reassignment; they are under-replicated while replicas are added, and named once.
        apart_from: brokers whose missing replicas are not counted.
    """
    moving = set(reassigning)
    partitions = [((topic.name, each.index), each) for topic in topics for each in topic.partitions]
    under = [(at, each) for at, each in partitions if each.leader is not None and _missing(each, apart_from)]
    low = [
        at
        for at, each in partitions
        if each.leader is not None
        and len({*each.in_sync, *(set(each.replicas) & set(apart_from))}) < min_in_sync.get(at[0], 1)
    ]
    return Health(
        offline=tuple(sorted(at for at, each in partitions if each.leader is None)),
        under_min_in_sync=tuple(sorted(low)),
        under_replicated=tuple(sorted(at for at, _ in under if at not in moving and at not in low)),
        reassigning=tuple(sorted(moving)),
    )


def _missing(partition: Partition, apart_from: Collection[int]) -> set[int]:
    return set(partition.replicas) - set(partition.in_sync) - set(apart_from)


def _min_in_sync(cluster: Cluster, names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, [MIN_IN_SYNC]) for name in names]
    answer = retrying(lambda: cluster.admin.describe_configs(resources, config_filter="all"))
    settings = answer.get("topic", {}).items()  # a topic that has been deleted since has none
    return {name: int(entries[MIN_IN_SYNC]["value"]) for name, entries in settings if MIN_IN_SYNC in entries}


def _counted(places: Sequence[Place]) -> str:
    return f"{len(places):,} partition{'s are' if len(places) > 1 else ' is'}"


def _named(places: Sequence[Place]) -> str:
    shown = ", ".join(f"{topic}-{partition}" for topic, partition in places[:SHOWN])
    return shown + (f" and {len(places) - SHOWN:,} more" if len(places) > SHOWN else "")
