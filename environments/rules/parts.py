"""The parts of an environment as far as they are sound.

Rules that look at several sections must also run when some section is broken, so that one report tells everything.
They see this: a part that is declared but broken is None here, and a rule says nothing about what it cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from environments.alarms import Alarms
from environments.applications import Application
from environments.connectors import ConnectorSettings
from environments.deliveries import Delivery
from environments.kafka import Kafka
from environments.network import Network
from environments.routes import Route
from environments.security import Security
from environments.streams import Stream
from environments.topics import Topic

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part of an environment; see the fields of the same names in ``Environment``."""

    name: str
    account: str | None
    region: str | None
    sandbox: bool | None
    production: bool | None
    network: Network | None
    security: Security | None
    kafka: Kafka | None
    topics: Mapping[str, Topic | None]
    streams: Mapping[str, Stream | None]
    deliveries: Mapping[str, Delivery | None]
    routes: Mapping[str, Route | None]
    connectors: ConnectorSettings | None
    applications: Mapping[str, Application | None]
    alarms: Alarms | None


def sound(parts: Mapping[str, Part | None]) -> Iterator[tuple[str, Part]]:
    """The parts that are not broken."""
    return ((name, part) for name, part in parts.items() if part is not None)
