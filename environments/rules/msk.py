"""Rules between a cluster on MSK and the rest: the key of its secrets, and the topics that it must hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from environments.kafka import MskExpressKafka, MskKafka
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound

LEAST_REMOTE_RETENTION = timedelta(days=3)


def scram_has_key(parts: Parts) -> Iterator[Finding]:
    """MSK takes secrets only that a customer-managed key encrypts (MSK Developer Guide, "SASL/SCRAM limitations")."""
    if parts.security is None or parts.security.own_key:
        return
    if isinstance(parts.kafka, MskKafka | MskExpressKafka) and "scram" in parts.kafka.auth:
        yield Finding(
            "keeps its user in a secret, and MSK takes none that a key of AWS encrypts",
            "set security.key: create, or give the ARN of a key",
            ("kafka", "auth"),
            "scram",
        )


def cloudformation_makes_topics(parts: Parts) -> Iterator[Finding]:
    """CloudFormation makes topics on clusters of MSK with brokers only (``AWS::MSK::Topic``)."""
    if parts.kafka is None:
        return
    for name, topic in sound(parts.topics):
        if topic.manage == "cloudformation" and not isinstance(parts.kafka, MskKafka | MskExpressKafka):
            yield Finding(
                f"is for kind: msk and msk-express, not for {parts.kafka.kind}",
                "remove it; streamops topic sync makes the topic",
                ("topics", name, "manage"),
                topic.manage,
            )


def tiered_topics_fit(parts: Parts) -> Iterator[Finding]:
    """Tiered storage (MSK Developer Guide, "Tiered storage requirements"; Kafka, "Tiered Storage Limitations")."""
    if parts.kafka is None:
        return
    for name, topic in sound(parts.topics):
        path = ("topics", name, "config", "remote.storage.enable")
        if topic.config.get("remote.storage.enable") != "true":
            continue
        if not isinstance(parts.kafka, MskKafka):
            if isinstance(parts.kafka, MskExpressKafka):
                yield Finding(
                    "is not there on Express brokers, whose storage grows by itself", "remove it", path, "true"
                )
            continue
        if not parts.kafka.tiered:
            yield Finding("needs a cluster with tiers", "set kafka.tiered: true", path, "true")
        if "compact" in topic.config.get("cleanup.policy", ""):
            yield Finding("is not there for compacted topics", "set cleanup.policy: delete, or remove it", path, "true")
        if topic.retention is not None and topic.retention < LEAST_REMOTE_RETENTION:
            yield Finding("keeps records for three days at least", "use retention: 3d or more", path, "true")
