"""What more partitions mean for the order of keys. No I/O.

A producer sends a key to the partition ``hash(key) mod partitions``: with more partitions most keys go elsewhere from
one moment to the next, while their earlier records stay where they are. Readers then see the records of such a key out
of order, and compaction, which works within a partition, never removes the earlier ones.
"""

from __future__ import annotations

from math import lcm

from cli.cluster import LiveTopic
from cli.plan import Risk
from cli.topic.live import reading_routes
from cli.topic.settings import canonical
from environments import Environment, TopicEnd


def keyed(environment: Environment, name: str, live: LiveTopic | None) -> str:
    """Why the place of a key matters in a topic; empty where nothing says so.

    It does in a compacted topic, and where a route reads or writes the topic with ``ordering: key``, which is the
    default of routes. Whether other applications count on it nobody can see from here.
    """
    for route in reading_routes(environment, name):
        if environment.routes[route].ordering == "key":
            return f"route {route} reads it with ordering: key"
    for route, declared in environment.routes.items():
        if declared.target == TopicEnd(topic=name) and declared.ordering == "key":
            return f"route {route} writes it with ordering: key"
    policy = environment.topics[name].config.get("cleanup.policy", "") if name in environment.topics else ""
    cleanup = live.settings.get("cleanup.policy") if live else None
    words = f"{policy},{cleanup.value if cleanup and cleanup.value else ''}"
    return "it is compacted" if "compact" in canonical("cleanup.policy", words).split(",") else ""


def growth(before: int, after: int, keys: str) -> tuple[Risk, str]:
    """The risk of having more partitions, and what it does.

    Args:
        before: partitions now.
        after: partitions afterwards.
        keys: why the place of a key matters, see ``keyed``.
    """
    moved = share_of_moved_keys(before, after)
    if keys:
        return Risk.SEVERE, f"{keys}, and {moved:.0%} of the keys move to another partition"
    return Risk.MODERATE, f"{moved:.0%} of the keys move to another partition"


def share_of_moved_keys(before: int, after: int) -> float:
    """The share of keys whose partition changes: of all hashes up to the least common multiple, ``before`` stay."""
    return 1 - before / lcm(before, after)
