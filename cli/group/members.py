"""Consumer groups with their members, of the older group protocol and of the newer one (KIP-848) alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kafka.errors import GroupIdNotFoundError, NoError, for_code

from cli.broker_requests import ask_brokers, coordinators
from cli.cluster import Cluster, Group, Place, retrying
from cli.group.protocol import ConsumerGroupDescribeRequest

NEWER = "consumer"
"""Type of groups whose members Kafka's brokers assign (KIP-848)."""
OLDER = "classic"
WITHOUT_OFFSETS = ("share",)
"""Types of groups that commit no offsets (KIP-932)."""


@dataclass(frozen=True)
class Member:
    """One consumer of a group."""

    id: str
    client_id: str
    host: str
    instance: str | None
    """``group.instance.id`` of a static member."""
    subscribed: tuple[str, ...]
    """Topics; ``/REGEX/`` for those that it takes by a pattern."""
    assigned: tuple[Place, ...]

    def as_json(self) -> dict[str, object]:
        """The entry in a JSON answer."""
        return {
            "member": self.id,
            "client_id": self.client_id,
            "host": self.host,
            "instance": self.instance,
            "subscribed": list(self.subscribed),
            "assigned": [{"topic": topic, "partition": partition} for topic, partition in self.assigned],
        }


@dataclass(frozen=True)
class Described:
    """A group that exists."""

    group: Group
    members: tuple[Member, ...]
    protocol: str = ""
    """How partitions are assigned, such as ``range``."""

    @property
    def topics(self) -> set[str]:
        """What its members subscribe to by name or have been assigned."""
        named = {topic for member in self.members for topic in member.subscribed if not topic.startswith("/")}
        return named | {topic for member in self.members for topic, _ in member.assigned}


def describe_groups(cluster: Cluster, groups: Collection[Group]) -> dict[str, Described]:
    """The groups with their members by name, in one request for each coordinator and kind of group.

    Groups that went away meanwhile are not in it; share groups come without members, whose offsets are not those of
    consumers.

    Raises:
        kafka.errors.KafkaError: a group may not be described, or its coordinator does not answer.
    """
    newer = [group for group in groups if group.type == NEWER]
    older = [group for group in groups if group.type == OLDER]
    found = {group.name: Described(group, ()) for group in groups if group.type not in (NEWER, OLDER)}
    return found | _older(cluster, older) | _newer(cluster, newer)


def _older(cluster: Cluster, groups: Collection[Group]) -> dict[str, Described]:
    if not groups:
        return {}
    answer = retrying(lambda: _ask_older(cluster, [group.name for group in groups]))
    return {
        group.name: Described(
            Group(group.name, entry["group_state"], group.type),
            tuple(map(_older_member, entry["members"])),
            entry["protocol_data"],
        )
        for group in groups
        if (entry := answer[group.name])["error"] is None and entry["group_state"] != "Dead"
    }


def _ask_older(cluster: Cluster, names: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    answer: Mapping[str, Mapping[str, Any]] = cluster.admin.describe_groups(list(names))
    for name, entry in answer.items():
        code = re.match(r"\[Error (\d+)\]", entry["error"] or "")
        error = for_code(int(code[1])) if code else NoError
        if error not in (NoError, GroupIdNotFoundError):
            raise error(f"to describe group {name}")
    return answer


def _older_member(entry: Any) -> Member:  # noqa: ANN401 - kafka-python has no types
    metadata, assignment = entry["member_metadata"], entry["member_assignment"]
    # Bytes where they are none of the consumer protocol's; nothing while the group is being balanced.
    subscribed = metadata["topics"] if isinstance(metadata, dict) else ()
    assigned = assignment["assigned_partitions"] if isinstance(assignment, dict) else ()
    return Member(
        id=entry["member_id"],
        client_id=entry["client_id"],
        host=entry["client_host"].lstrip("/"),
        instance=entry.get("group_instance_id"),
        subscribed=tuple(sorted(subscribed)),
        assigned=_places((topic["topic"], topic["partitions"]) for topic in assigned),
    )


def _newer(cluster: Cluster, groups: Collection[Group]) -> dict[str, Described]:
    if not groups:
        return {}
    known = {group.name: group for group in groups}
    answers = retrying(partial(_ask_newer, cluster, list(known)))
    return {
        entry.group_id: Described(
            Group(entry.group_id, entry.group_state, NEWER),
            tuple(map(_newer_member, entry.members)),
            entry.assignor_name,
        )
        for entry in answers
    }


def _ask_newer(cluster: Cluster, names: Collection[str]) -> list[Any]:
    requests = {
        node: ConsumerGroupDescribeRequest(group_ids=some, include_authorized_operations=False)
        for node, some in coordinators(cluster.admin, names).items()
    }
    entries = [entry for answer in ask_brokers(cluster.admin, requests).values() for entry in answer.groups]
    for entry in entries:
        error = for_code(entry.error_code)
        if entry.error_code and error is not GroupIdNotFoundError:
            raise error(entry.error_message or entry.group_id)
    return [entry for entry in entries if not entry.error_code]


def _newer_member(entry: Any) -> Member:  # noqa: ANN401 - kafka-python has no types
    pattern = entry.subscribed_topic_regex
    return Member(
        id=entry.member_id,
        client_id=entry.client_id,
        host=entry.client_host.lstrip("/"),
        instance=entry.instance_id,
        subscribed=(*sorted(entry.subscribed_topic_names), *((f"/{pattern}/",) if pattern else ())),
        assigned=_places((topic.topic_name, topic.partitions) for topic in entry.assignment.topic_partitions),
    )


def _places(topics: Iterable[tuple[str, Iterable[int]]]) -> tuple[Place, ...]:
    return tuple(sorted((topic, partition) for topic, partitions in topics for partition in partitions))
