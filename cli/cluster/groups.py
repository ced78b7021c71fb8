"""Consumer groups: which there are, what they have committed, and which of them read a topic."""

from __future__ import annotations

from collections.abc import Collection

from kafka import KafkaAdminClient

from cli.cluster.asking import retrying
from cli.cluster.live import Group, Place

WITH_OFFSETS = ("classic", "consumer", "streams")
"""Types of groups that commit offsets as consumers do, those of Kafka Streams too (KIP-1071); share groups keep theirs
otherwise (KIP-932)."""
PROTOCOLS = ("", "consumer", "streams", "share")
"""What the groups that read topics speak; Kafka Connect's workers, for instance, speak ``connect`` and read none."""


class Groups:
    """What is asked of a cluster about its consumer groups."""

    admin: KafkaAdminClient

    def groups(self) -> list[Group]:
        """All consumer groups that these credentials may see, in one request for each broker."""
        found = retrying(self.admin.list_groups)
        return sorted(
            (
                Group(
                    name=group["group_id"],
                    state=group.get("group_state") or "Unknown",
                    type=(group.get("group_type") or "classic").lower(),
                )
                for group in found
                if group["protocol_type"] in PROTOCOLS
            ),
            key=lambda group: group.name,
        )

    def committed(self, groups: Collection[str]) -> dict[str, dict[Place, int]]:
        """What each consumer group has committed; nothing for a group that does not exist."""
        if not groups:
            return {}
        answer = retrying(lambda: self.admin.list_group_offsets(list(groups)))
        return {
            group: {(at.topic, at.partition): entry.offset for at, entry in offsets.items() if entry.offset >= 0}
            for group, offsets in answer.items()
        }

    def readers(self, topics: Collection[str]) -> dict[str, dict[Group, dict[Place, int]]]:
        """The groups that have committed offsets in topics, with these offsets, by topic.

        Groups whose offsets have expired, or that keep them elsewhere, cannot be seen. One request for each broker
        lists the groups, one for each coordinator brings the offsets of all of them.
        """
        groups = {group.name: group for group in self.groups() if group.type in WITH_OFFSETS}
        found: dict[str, dict[Group, dict[Place, int]]] = {topic: {} for topic in topics}
        for name, offsets in self.committed(groups).items():
            for place, offset in offsets.items():
                if place[0] in found:
                    found[place[0]].setdefault(groups[name], {})[place] = offset
        return found
