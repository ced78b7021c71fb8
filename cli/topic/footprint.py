"""What a topic takes on the disks of the brokers, and how fast it grows."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cli.cluster import Cluster, LiveTopic, LogDir, Place


@dataclass(frozen=True)
class Footprint:
    """Bytes on disk, as they are stored: compressed, with indexes left out."""

    total: int
    """Of all replicas."""
    leaders: int
    """Of the leaders alone, which is what was written once."""


@dataclass(frozen=True)
class Rates:
    """How fast a topic was written to in a while."""

    records: float
    """Offsets a second: markers of transactions count too."""
    bytes: float | None
    """On disk of the leaders, a second; None where retention removed more than was written, or sizes are unknown."""


def footprints(topics: Iterable[LiveTopic], log_dirs: Iterable[LogDir]) -> dict[str, Footprint]:
    """The size of each topic; without those of which a replica cannot be seen, as on a disk that is offline."""
    sizes = {(log_dir.broker, place): size for log_dir in log_dirs for place, size in log_dir.sizes.items()}
    found: dict[str, Footprint] = {}
    for topic in topics:
        replicas = [(broker, (topic.name, each.index)) for each in topic.partitions for broker in each.replicas]
        if all(replica in sizes for replica in replicas):
            leaders = [(each.leader, (topic.name, each.index)) for each in topic.partitions if each.leader is not None]
            found[topic.name] = Footprint(
                sum(sizes[replica] for replica in replicas), sum(sizes.get(leader, 0) for leader in leaders)
            )
    return found


def rates_between(
    before: Mapping[Place, int],
    after: Mapping[Place, int],
    sizes: tuple[Footprint | None, Footprint | None],
    seconds: float,
) -> Rates:
    """The rates of one topic from the ends of its partitions, and its sizes, at two times."""
    records = sum(max(0, end - before[place]) for place, end in after.items() if place in before)
    first, second = sizes
    grown = second.leaders - first.leaders if first and second else None
    return Rates(records / seconds, grown / seconds if grown is not None and grown >= 0 else None)


def read_footprints(cluster: Cluster, topics: Collection[LiveTopic]) -> dict[str, Footprint]:
    """The sizes of these topics, in one request for each broker."""
    places = [(topic.name, partition.index) for topic in topics for partition in topic.partitions]
    return footprints(topics, cluster.log_dirs(places)) if places else {}


def read_rates(cluster: Cluster, topics: Collection[LiveTopic], window: timedelta) -> dict[str, Rates]:
    """How fast topics are written to: looked at twice, with ``window`` in between."""
    places = {
        topic.name: [(topic.name, each.index) for each in topic.partitions if each.leader is not None]
        for topic in topics
    }
    ends, sizes, times = [], [], []
    for last in (False, True):
        times.append(time.monotonic())
        ends.append(cluster.end_offsets([place for some in places.values() for place in some]))
        sizes.append(read_footprints(cluster, topics))
        if not last:
            time.sleep(window.total_seconds())
    return {
        name: rates_between(
            {place: ends[0][place] for place in some if place in ends[0]},
            {place: ends[1][place] for place in some if place in ends[1]},
            (sizes[0].get(name), sizes[1].get(name)),
            times[1] - times[0],
        )
        for name, some in places.items()
    }
