"""Rules of alarms: what they name is there, can be measured, and can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from environments.alarms import CREATED
from environments.identifiers import region_of_arn
from environments.kafka import MskExpressKafka, MskKafka, MskServerlessKafka
from environments.quantities import format_duration
from environments.rules.findings import Finding, meant
from environments.rules.parts import Parts

_MEASURED = ("streams", "deliveries", "routes")


def alarms_have_subjects(parts: Parts) -> Iterator[Finding]:
    """Thresholds belong to something that is declared."""
    if parts.alarms is None:
        return
    for section in _MEASURED:
        declared = getattr(parts, section)
        for name in getattr(parts.alarms, section):
            if name not in declared:
                near = meant(name, declared)
                remedy = f"did you mean {near}?" if near else f"add it to {section}, or remove it"
                yield Finding(f"is not declared under {section}", remedy, ("alarms", section, name), name)


def alarms_can_be_measured(parts: Parts) -> Iterator[Finding]:
    """A threshold that is never reached, always passed or never measured would only look like an alarm."""
    if parts.alarms is None:
        return
    for name, thresholds in parts.alarms.streams.items():
        stream = parts.streams.get(name)
        if stream is not None and thresholds.iterator_age >= stream.retention:
            yield Finding(
                f"is never reached: the stream keeps records for {format_duration(stream.retention)}",
                "use less",
                ("alarms", "streams", name, "iterator_age"),
                format_duration(thresholds.iterator_age),
            )
    for name, expected in parts.alarms.deliveries.items():
        delivery = parts.deliveries.get(name)
        if delivery is None or expected.freshness is None:
            continue
        if expected.freshness <= delivery.buffer.interval:
            yield Finding(
                f"is passed all the time: the delivery collects for {format_duration(delivery.buffer.interval)}",
                "use more",
                ("alarms", "deliveries", name, "freshness"),
                format_duration(expected.freshness),
            )
    yield from _routes_are_measured(parts)


def _routes_are_measured(parts: Parts) -> Iterator[Finding]:
    """Lag comes from the connector's own metrics or from MSK; without either nobody measures it."""
    if parts.alarms is None or parts.connectors is None or parts.kafka is None:
        return
    if parts.connectors.metrics == "cloudwatch" or isinstance(
        parts.kafka, MskKafka | MskExpressKafka | MskServerlessKafka
    ):
        return
    for name in parts.alarms.routes:
        yield Finding(
            "has thresholds for what CloudWatch is never told",
            "set connectors.metrics: cloudwatch, or remove them",
            ("alarms", "routes", name),
        )


def alarms_reach_their_topics(parts: Parts) -> Iterator[Finding]:
    """An alarm's action is a topic of its own region (CloudWatch API Reference, PutMetricAlarm)."""
    if parts.alarms is None or parts.region is None:
        return
    for severity in ("critical", "warning"):
        topic = getattr(parts.alarms, severity).topic
        if topic != CREATED and region_of_arn(topic) != parts.region:
            yield Finding(
                f"is a topic of another region, and alarms publish in {parts.region} only",
                f"give a topic of {parts.region}, or create",
                ("alarms", severity, "topic"),
                topic,
            )
