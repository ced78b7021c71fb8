"""How the tasks of a connector are replaced: new ones beside the old, or after them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from cli.plan import Refusal


class Strategy(StrEnum):
    """How a rollout replaces tasks."""

    OVERLAP = "overlap"
    """New tasks join the group before old ones leave it."""
    STOP_FIRST = "stop-first"
    """Old tasks drain and end before new ones start; records wait meanwhile."""
    BLUE_GREEN = "blue-green"
    CANARY = "canary"
    LINEAR = "linear"


LIMITS: Mapping[Strategy, tuple[int, int]] = {Strategy.OVERLAP: (100, 200), Strategy.STOP_FIRST: (0, 100)}
"""Minimum healthy and maximum percent of the desired tasks. Those of ``overlap`` are what the stacks declare."""

DECLARED = LIMITS[Strategy.OVERLAP]

NOT_SIDE_BY_SIDE: Mapping[str, str] = {
    "source.protocol": "members of both group protocols cannot share one group while it moves over (KIP-848)",
    "source.assignor": "members of a group have to agree on an assignor",
    "sink.partition_key": "old and new tasks would send records of one key to different shards at the same time",
    "sink.explicit_hash_key": "old and new tasks would send records of one key to different shards at the same time",
    "format": "readers would get both forms in turn while old and new tasks run",
}
"""Keys of the connector's configuration that tasks beside each other must not differ in, and why."""

REORDERS = ("sink.partition_key", "sink.explicit_hash_key")
"""Keys that decide the shard: what is under way of a record's key stays in the old one."""


def forced(changes: Mapping[str, object]) -> list[str]:
    """Why the changed keys of a configuration need ``stop-first``; nothing where they do not."""
    return [
        f"{key} changes: {why}"
        for key, why in NOT_SIDE_BY_SIDE.items()
        if any(changed == key or changed.startswith(f"{key}.") for changed in changes)
    ]


def reorders(changes: Mapping[str, object]) -> bool:
    """Whether records of one key may end up in another shard than before."""
    return any(changed == key or changed.startswith(f"{key}.") for key in REORDERS for changed in changes)


def refusals(
    strategy: Strategy | None, route: str, why: Sequence[str], configuration: Mapping[str, Any] | None
) -> list[Refusal]:
    """What speaks against a strategy.

    Args:
        strategy: what was asked for; None: what fits.
        route: for the way out.
        why: what forces ``stop-first``.
        configuration: of the connector as it will be, flat; None where it is not known.
    """
    found = []
    if strategy in (Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.LINEAR):
        found.append(
            Refusal(
                f"--strategy {strategy} needs traffic that can be sent to one of two versions, and nobody sends to a "
                "connector: its tasks take partitions as members of one consumer group, so both versions would work "
                "at once on all of the route for as long as both run",
                "nothing overrides this; --strategy overlap goes back by itself where tasks fail or lag grows. To try "
                "a version on a part of the records, declare a second route from a topic of its own",
            )
        )
    if strategy is Strategy.OVERLAP and why:
        found.append(
            Refusal("; ".join(why), f"nothing overrides this; leave --strategy out, or: {Strategy.STOP_FIRST}")
        )
    if configuration and configuration.get("source.instance"):
        found.append(
            Refusal(
                f"the configuration of {route} has source.instance (static membership): all tasks of an ECS service "
                "have the same configuration, and a group has one member of each name, so its tasks would fence "
                "each other",
                "nothing overrides this; remove source.instance",
            )
        )
    return found


def chosen(strategy: Strategy | None, why: Sequence[str]) -> Strategy:
    """The strategy to use: as asked, else ``stop-first`` where it is needed."""
    return strategy or (Strategy.STOP_FIRST if why else Strategy.OVERLAP)
