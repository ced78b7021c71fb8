"""Kafka topics."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, StrictInt, WithJsonSchema

from environments.quantities import DURATION_PATTERN, Duration, format_duration
from environments.section import Section


def _infinite(value: Any) -> Any:
    return None if value == "infinite" else value


Retention = Annotated[
    Duration | None,
    BeforeValidator(_infinite),
    PlainSerializer(lambda kept: "infinite" if kept is None else format_duration(kept), return_type=str),
    WithJsonSchema({"type": "string", "pattern": rf"^infinite$|{DURATION_PATTERN}"}),
]


def _setting(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Setting = Annotated[str, BeforeValidator(_setting)]


class Topic(Section):
    """A Kafka topic, created and kept by ``streamops topic sync``."""

    name: str | None = None
    """Name on the cluster; the short name where it is not given."""
    partitions: StrictInt
    """Number of partitions; it can grow later, never shrink."""
    replication: StrictInt = 3
    """Number of brokers that hold each partition."""
    retention: Retention = timedelta(days=7)
    """How long records are kept, or ``infinite`` (None)."""
    config: dict[str, Setting] = Field(default_factory=dict)
    """Further topic settings by their Kafka names, such as min.insync.replicas."""
