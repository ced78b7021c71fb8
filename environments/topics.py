"""Kafka topics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

from environments.quantities import DURATION_PATTERN, Duration, format_duration
from environments.rules.bounds import Count, Shape, Span
from environments.rules.findings import Finding, refusal
from environments.rules.topic_settings import Plain, read_setting, setting_findings, settings_schema, written
from environments.section import Section

INFINITE = "infinite"


def _finite_or_none(value: object) -> object:
    return None if value == INFINITE else value


def _write_retention(kept: timedelta | None) -> str:
    return INFINITE if kept is None else format_duration(kept)


Retention = Annotated[
    Annotated[Duration, Span("Kafka", timedelta(milliseconds=1))] | None,
    BeforeValidator(_finite_or_none),
    PlainSerializer(_write_retention, return_type=str),
    WithJsonSchema({"anyOf": [{"const": INFINITE}, {"type": "string", "pattern": DURATION_PATTERN}]}),
]


def _as_text(value: object) -> object:
    return written(value) if isinstance(value, bool | int | float) else value


def _settings(settings: dict[str, str]) -> dict[str, str]:
    """Settings in one spelling (``1.0``, not ``1.``), so that they can be compared with what a cluster answers."""
    if found := tuple(setting_findings(settings)):
        raise refusal(found)
    return {name: written(read_setting(name, text)) for name, text in settings.items()}


def _write_settings(settings: dict[str, str]) -> dict[str, Plain]:
    return {name: read_setting(name, text) for name, text in settings.items()}


Settings = Annotated[
    dict[str, Annotated[StrictStr, BeforeValidator(_as_text)]],
    AfterValidator(_settings),
    PlainSerializer(_write_settings),
    WithJsonSchema(settings_schema()),
]

TopicName = Annotated[
    str,
    Shape(
        r"^[A-Za-z0-9._-]{1,249}$",
        "is not a Kafka topic name",
        "use at most 249 letters, digits, dots, underscores and dashes",
    ),
]


class Topic(Section):
    """A Kafka topic, made by ``streamops topic sync`` or, where it says so, by CloudFormation."""

    name: TopicName | None = None
    """Name on the cluster; the short name where it is not given."""
    partitions: Annotated[StrictInt, Count("Kafka", 1)]
    """Number of partitions; it can grow later, never shrink."""
    replication: Annotated[StrictInt, Count("Kafka", 1, 32767)] = 3
    """Number of brokers that hold each partition."""
    retention: Retention = timedelta(days=7)
    """How long records are kept, or ``infinite``."""
    config: Settings = Field(default_factory=dict)
    """Further settings by their Kafka names, such as ``min.insync.replicas``."""
    manage: Literal["cli", "cloudformation"] = "cli"
    """Who makes and changes it: ``cli`` (``streamops topic sync``) or ``cloudformation`` (on MSK with brokers only)."""

    @property
    def settings(self) -> dict[str, str]:
        """All settings in Kafka's own words, the retention among them."""
        kept = "-1" if self.retention is None else str(self.retention // timedelta(milliseconds=1))
        return {"retention.ms": kept, **self.config}

    def rules(self) -> Iterable[Finding]:
        """What brokers would accept and then never serve, or refuse."""
        insync = self.config.get("min.insync.replicas", "1")
        if int(insync) > self.replication:
            yield Finding(
                f"is above replication ({self.replication}): no write with acks=all could ever succeed",
                f"use at most {self.replication}",
                ("config", "min.insync.replicas"),
                insync,
            )
        if self.name in {".", ".."}:
            yield Finding("is refused by Kafka as a topic name", "use another name", ("name",), self.name)
        if (self.name or "").startswith("__"):
            yield Finding("is a name of Kafka's own topics", "begin it otherwise", ("name",), self.name or "")
