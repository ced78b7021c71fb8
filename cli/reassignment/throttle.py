"""Limiting what a reassignment copies a second (KIP-73), and taking the limit away again.

Two settings of a topic say which replicas are limited, as ``partition:broker``, two of each broker how much they may
copy. They stay when a reassignment ends, or is interrupted, and would then slow down every replica that has to catch
up: hence they are looked for whenever something is planned.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType

from cli.cluster import Cluster, retrying
from cli.errors import CliError, WrongUsageError
from cli.reassignment.planner import Move
from environments.quantities import format_size, parse_size

REPLICAS = ("leader.replication.throttled.replicas", "follower.replication.throttled.replicas")
RATES = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")
TOLD_SECONDS = 10.0
"""How long brokers may take to hear of a change from the controller."""
OWN_TO_BROKER = "DYNAMIC_BROKER_CONFIG"


@dataclass(frozen=True)
class Throttles:
    """What is limited on a cluster now."""

    topics: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By topic and setting, the replicas; a setting that stands for all (``*``) was not made for a reassignment."""
    brokers: Mapping[int, int] = field(default_factory=dict)
    """Brokers with a rate of their own, the smaller one in bytes a second."""

    def of(self, names: Collection[str]) -> list[str]:
        """Those of the topics that have throttled replicas."""
        return sorted(name for name in self.topics if name in names)

    def foreign(self, names: Collection[str]) -> list[str]:
        """The other topics that have throttled replicas."""
        return sorted(name for name in self.topics if name not in names)


def parse_rate(text: str) -> int:
    """Bytes a second out of ``50MiB/s``.

    Raises:
        WrongUsageError: it is none. A bare number is refused: other tools take it as bytes or as megabytes.
    """
    match = re.fullmatch(r"\s*(\S+?)\s*/\s*s\s*", text)
    try:
        rate = parse_size(match[1]) if match else 0
    except ValueError:
        rate = 0
    if rate < 1:
        raise WrongUsageError(
            f"--throttle {text}: is not an amount a second", "write it as in --throttle 50MiB/s (B, KiB, MiB, GiB)"
        )
    return rate


def format_rate(rate: int) -> str:
    """``50MiB/s``."""
    return f"{format_size(rate)}/s"


def throttled_replicas(moves: Iterable[Move]) -> dict[str, dict[str, list[str]]]:
    """Which replicas are to be limited, by topic and setting: all that may be copied from, and all that copy.

    The old replicas are all named, since any of them may lead before the move is over. Replicas that only go away, or
    change their order, copy nothing.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for move in moves:
        if move.added:
            leaders, followers = REPLICAS
            topic = found.setdefault(move.topic, {leaders: [], followers: []})
            topic[leaders].extend(f"{move.partition}:{broker}" for broker in move.before)
            topic[followers].extend(f"{move.partition}:{broker}" for broker in move.added)
    return found


def read_throttles(cluster: Cluster, topics: Sequence[str], brokers: Collection[int]) -> Throttles:
    """The limits that are set on topics and brokers: one request for all topics, and one for each broker."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, list(REPLICAS)) for name in topics]
    resources += [ConfigResource(ConfigResourceType.BROKER, str(broker), list(RATES)) for broker in sorted(brokers)]
    answer = _described(cluster, resources)
    lists = {
        topic: {name: _entries(entry["value"]) for name, entry in entries.items() if _entries(entry["value"])}
        for topic, entries in answer.get("topic", {}).items()
    }
    rates = {
        int(broker): [int(entry["value"]) for entry in entries.values() if entry["config_source"] == OWN_TO_BROKER]
        for broker, entries in answer.get("broker", {}).items()
    }
    return Throttles(
        topics={topic: found for topic, found in lists.items() if found},
        brokers={broker: min(found) for broker, found in rates.items() if found},
    )


def set_throttle(cluster: Cluster, moves: Iterable[Move], brokers: Collection[int], rate: int) -> None:
    """Limit what moves copy, in bytes a second for each broker and direction.

    Raises:
        CliError: the cluster refuses it.
    """
    resources = [
        ConfigResource(ConfigResourceType.BROKER, str(broker), {name: (AlterConfigOp.SET, str(rate)) for name in RATES})
        for broker in sorted(brokers)
    ]
    resources += [
        ConfigResource(
            ConfigResourceType.TOPIC,
            topic,
            {name: (AlterConfigOp.APPEND, ",".join(replicas)) for name, replicas in lists.items()},
        )
        for topic, lists in throttled_replicas(moves).items()
    ]
    _alter(cluster, resources, "limit what is copied")


def clear_throttle(cluster: Cluster, topics: Sequence[str], brokers: Collection[int]) -> None:
    """Take the limits of reassignments away: the replicas that topics name, and the rates of brokers.

    Entries that stand for no single replica are left, as somebody's standing rule.

    Raises:
        CliError: the cluster refuses it.
    """
    named = [ConfigResource(ConfigResourceType.TOPIC, topic, list(REPLICAS)) for topic in topics]
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, topic, changes)
        for topic, entries in _described(cluster, named).get("topic", {}).items()
        if (changes := {name: _without(entry["value"]) for name, entry in entries.items() if _entries(entry["value"])})
    ]
    resources += [
        ConfigResource(ConfigResourceType.BROKER, str(broker), dict.fromkeys(RATES, (AlterConfigOp.DELETE, None)))
        for broker in sorted(brokers)
    ]
    _alter(cluster, resources, "take away the limit")
    deadline = time.monotonic() + TOLD_SECONDS
    while read_throttles(cluster, topics, ()).topics and time.monotonic() < deadline:
        time.sleep(0.1)


def _without(value: str) -> tuple[AlterConfigOp, str | None]:
    """What takes the named replicas out of a list; one with nothing in it is not the same as one that is not set."""
    named = _entries(value)
    if len(named) == len(value.split(",")):
        return AlterConfigOp.DELETE, None
    return AlterConfigOp.SUBTRACT, ",".join(named)


def _described(cluster: Cluster, resources: Sequence[ConfigResource]) -> Mapping[str, Mapping[str, Any]]:
    if not resources:
        return {}
    answer: Mapping[str, Mapping[str, Any]] = retrying(
        lambda: cluster.admin.describe_configs(list(resources), config_filter="all")
    )
    return answer


def _alter(cluster: Cluster, resources: Sequence[ConfigResource], what: str) -> None:
    if not resources:
        return
    answer = cluster.admin.alter_configs(list(resources), raise_on_unknown=False, incremental=True)
    for kind, results in answer.items():
        for name, result in results.items():
            if result != "OK":
                raise CliError(f"the cluster does not let {kind} {name} {what}: {result}")


def _entries(value: str | None) -> tuple[str, ...]:
    """Replicas that are named one by one; ``*`` and ``none`` are somebody's standing rule."""
    found = [entry.strip() for entry in (value or "").split(",")]
    return tuple(entry for entry in found if re.fullmatch(r"\d+:\d+", entry))
