"""Which machines a cluster on EC2 has and where each stands, as the file says it.

Ids are identities. A node's id is its place among its kind, so nodes that are added change nothing of those that are
there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from environments.kafka.ec2 import Ec2Kafka

FIRST_CONTROLLER = 1001
"""Controllers of their own have ids from here on; both kinds share one space of ids (KIP-631)."""
MOST_ZONES = 3
"""Three zones hold three replicas; a fourth would add cost between zones and move nodes that are there."""


@dataclass(frozen=True)
class NodePlace:
    """One machine."""

    id: int
    kind: Literal["broker", "controller"]
    zone: str

    @property
    def short_name(self) -> str:
        """What it is called where the cluster is known."""
        return f"{self.kind}-{self.id}"


def node_places(kafka: Ec2Kafka, zones: Sequence[str]) -> tuple[NodePlace, ...]:
    """All machines, in the order in which they are started and rolled: controllers of their own first."""

    def places(kind: Literal["broker", "controller"], first: int, count: int) -> Iterator[NodePlace]:
        used = zones[:MOST_ZONES]
        for place in range(count):
            yield NodePlace(first + place, kind, used[place % len(used)])

    return (*places("controller", FIRST_CONTROLLER, kafka.controllers), *places("broker", 1, kafka.brokers))
