"""Rules of room: every private subnet has an address for all that gets one there.

Sources: VPC User Guide, "Subnet CIDR blocks" (AWS keeps five addresses of each subnet); ECS Developer Guide, "awsvpc
network mode" (one address a task); MSK Developer Guide, "Create a cluster" (one a broker); OpenSearch Service Developer
Guide, "Reserving IP addresses in a VPC subnet".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from ipaddress import IPv4Network

from environments.called_services import called_services
from environments.deliveries import OpenSearchDelivery
from environments.kafka import Ec2Kafka, MskExpressKafka, MskKafka
from environments.network import NewNetwork
from environments.rules.deliveries import MOST_DOMAIN_ZONES
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound

ZONES_TO_GROW_INTO = 4
"""Zones that addresses are reserved for, so that adding one does not move the subnets of the others."""
PUBLIC_ADDRESSES = 16
"""Of each zone for its public subnet, the smallest that there is (/28)."""
KEPT_BY_AWS = 5
LARGEST = 16
"""Prefix length of the largest VPC."""
NODE_ADDRESSES = 2
"""A node of Kafka on EC2 has an interface that stays with it, and that of the machine of the day."""

AUTOSCALER_ADDRESSES = 2
"""Of the zone that it runs in: while one run reshards, the next one looks."""

DOMAIN_RESERVE = 3
"""Addresses that OpenSearch wants for each node of a domain."""


def private_addresses(prefix_length: int, zones: int) -> int:
    """Return how many addresses a private subnet has to give in a VPC: its share, rounded down to a power of two."""
    shares = max(zones, ZONES_TO_GROW_INTO)
    left = 2 ** (32 - prefix_length) - shares * PUBLIC_ADDRESSES
    return int(2 ** math.floor(math.log2(left // shares))) - KEPT_BY_AWS


def room_for_addresses(parts: Parts) -> Iterator[Finding]:
    """A task, broker or endpoint that finds no address does not start, and a deployment hangs on it for hours."""
    network = parts.network
    if not isinstance(network, NewNetwork):
        return
    zones, needed = len(network.zones), _needed(parts)
    prefix_length = IPv4Network(network.cidr).prefixlen
    room = private_addresses(prefix_length, zones)
    if needed <= room:
        return
    larger = range(prefix_length, LARGEST - 1, -1)
    enough = next((each for each in larger if private_addresses(each, zones) >= needed), 0)
    yield Finding(
        f"gives each private subnet {room} addresses, and tasks (twice while they are replaced), nodes and "
        f"VPC endpoints may need {needed}",
        f"use a /{enough} network" if enough else "name more zones, or lower the tasks of routes",
        ("network", "cidr"),
        network.cidr,
    )


def _needed(parts: Parts) -> int:
    """Addresses in the fullest zone; ECS, MSK and Kafka on EC2 all spread over the zones."""
    network, kafka = parts.network, parts.kafka
    if network is None:
        return 0
    zones = len(network.zones)
    routes = [route for _, route in sound(parts.routes)]
    tasks = sum(math.ceil(2 * route.tasks.max / zones) for route in routes)
    if parts.connectors is not None and parts.connectors.autoscaler is not None:
        tasks += AUTOSCALER_ADDRESSES
    called = called_services(kafka, routes, parts.connectors)
    endpoints = 0 if isinstance(network, NewNetwork) and network.nat else len(called)
    match kafka:
        case MskKafka() | MskExpressKafka():
            nodes = math.ceil(kafka.brokers / zones)
        case Ec2Kafka():
            nodes = NODE_ADDRESSES * (math.ceil(kafka.brokers / zones) + math.ceil(kafka.controllers / zones))
        case _:
            nodes = 0
    domains = sum(_domain(delivery, zones) for _, delivery in sound(parts.deliveries))
    return tasks + nodes + endpoints + domains


def _domain(delivery: object, zones: int) -> int:
    """Addresses in a zone of a domain that is made; an update makes all of its nodes anew beside the old ones."""
    if not isinstance(delivery, OpenSearchDelivery) or not delivery.create:
        return 0
    size = delivery.new_domain
    spread = min(zones, MOST_DOMAIN_ZONES, size.count)
    return DOMAIN_RESERVE * (math.ceil(size.count / spread) + math.ceil(size.masters / spread))
