"""The nodes of a cluster on EC2: which there are, what they are called, where they stand. Knows nothing of the CDK.

The ids of the cluster and of the controllers' directories follow from names alone, so that nodes agree on them without
having met.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import Literal

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.kafka.ec2_nodes import node_places

Role = Literal["broker", "controller"]

_NAMESPACE = uuid.UUID("5c1f5e52-8c1b-4d0e-9a3b-0b7d6f4f2f61")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports of one node."""

    internal: int = 9091
    """Brokers among themselves."""
    controller: int = 9093
    clients: int = 9094
    exporter: int = 7071
    """Prometheus."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One machine."""

    id: int
    roles: tuple[Role, ...]
    name: str
    """What its certificate calls it, and what its address record is."""
    host: str
    """Where others reach it."""
    zone: str
    directory_id: str
    """Id of its metadata directory, by which the quorum knows a voter (KIP-853)."""
    ports: Ports = Ports()

    @property
    def broker(self) -> bool:
        """Whether it holds partitions."""
        return "broker" in self.roles

    @property
    def controller(self) -> bool:
        """Whether it votes."""
        return "controller" in self.roles

    @property
    def short_name(self) -> str:
        """What it is called where the cluster is known."""
        return f"{self.roles[0]}-{self.id}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """All nodes, in the order in which they are started and rolled: those that vote first."""

    name: str
    domain: str
    id: str
    nodes: tuple[Node, ...]

    @property
    def controllers(self) -> tuple[Node, ...]:
        """Those that vote."""
        return tuple(node for node in self.nodes if node.controller)

    @property
    def brokers(self) -> tuple[Node, ...]:
        """Those that hold partitions."""
        return tuple(node for node in self.nodes if node.broker)

    @property
    def bootstrap(self) -> str:
        """Addresses for clients."""
        return ",".join(f"{node.host}:{node.ports.clients}" for node in self.brokers)


def cluster_of(environment: Environment, kafka: Ec2Kafka) -> Cluster:
    """Return the cluster that `kafka` describes."""
    scope = f"{environment.account}/{environment.region}/{environment.name}"
    domain = f"{environment.name}.kafka.internal"
    combined: tuple[Role, ...] = ("broker",) if kafka.controllers else ("broker", "controller")
    return Cluster(
        name=environment.name,
        domain=domain,
        id=kafka_uuid(scope),
        nodes=tuple(
            Node(
                id=place.id,
                roles=combined if place.kind == "broker" else ("controller",),
                name=f"node-{place.id}.{domain}",
                host=f"node-{place.id}.{domain}",
                zone=place.zone,
                directory_id=kafka_uuid(f"{scope}/{place.id}"),
            )
            for place in node_places(kafka, environment.network.zones)
        ),
    )


def kafka_uuid(name: str) -> str:
    """Return an id as Kafka writes them, the same for the same name: 16 bytes in URL-safe base64.

    Never one that begins with a dash, which Kafka's tools take for an option (KAFKA-15754).
    """
    attempt = 0
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid5(_NAMESPACE, f"{name}#{attempt}").bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
        attempt += 1
