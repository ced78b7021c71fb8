"""Requests to given brokers, for what kafka-python's administration client has no method for.

The client knows how to reach, authenticate to and agree on versions with every broker; only its methods are fewer than
Kafka's requests. What is private of it is used here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kafka import KafkaAdminClient


def ask_brokers(admin: KafkaAdminClient, requests: Mapping[int, Any]) -> dict[int, Any]:
    """Send each broker its request, all at the same time; the answers by broker id.

    Raises:
        kafka.errors.KafkaError: a broker cannot be reached or does not know the request.
    """
    manager = admin._manager  # noqa: SLF001 - see above

    async def all_of_them() -> dict[int, Any]:
        under_way = {node: manager.send(request, node_id=node) for node, request in requests.items()}
        return {node: await answer for node, answer in under_way.items()}

    answers: dict[int, Any] = manager.run(all_of_them)
    return answers


def coordinators(admin: KafkaAdminClient, groups: Collection[str]) -> dict[int, list[str]]:
    """The groups by the id of the broker that coordinates them."""
    manager = admin._manager  # noqa: SLF001 - see above
    found: dict[str, int] = manager.run(admin._find_coordinator_ids, list(groups))  # noqa: SLF001
    by_node: dict[int, list[str]] = {}
    for group, node in found.items():
        by_node.setdefault(node, []).append(group)
    return by_node


def knows(admin: KafkaAdminClient, request: type[Any]) -> bool:
    """Whether the brokers speak this request at all."""
    return request.API_KEY in admin._manager.broker_version_data.api_versions  # noqa: SLF001 - see above
