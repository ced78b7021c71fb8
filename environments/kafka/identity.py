"""Which cluster this is, so that no other one is taken for it."""

from __future__ import annotations

from typing import Annotated

from environments.rules.bounds import Shape

ClusterId = Annotated[
    str,
    Shape(
        r"^[A-Za-z0-9_-]{1,64}$",
        "is no cluster id of Kafka",
        "take it from kafka-cluster.sh cluster-id; in quotes where it begins with a dash",
    ),
]
"""The id that a cluster was formatted with: with KRaft 16 bytes in URL-safe base64, of others what they call themselves
(https://kafka.apache.org/documentation/#kraft_storage)."""
