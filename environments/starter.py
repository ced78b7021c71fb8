"""New environment files, commented and valid as they are."""

from __future__ import annotations

from typing import Literal

KafkaKind = Literal["msk", "msk-express", "msk-serverless", "ec2", "external"]


def starter(name: str, kafka_kind: KafkaKind = "external") -> str:
    """A new environment file for the given kind of Kafka, with a comment at every field."""
    raise NotImplementedError(name, kafka_kind)
