"""Writing what a group has committed, in its place; only a group without members lets others do so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from cli.cluster import Cluster, Place, retrying


def commit(cluster: Cluster, group: str, offsets: Mapping[Place, int]) -> None:
    """Have ``group`` go on at these offsets.

    Raises:
        kafka.errors.KafkaError: such as UnknownMemberIdError where the group has members; what could be committed is.
    """
    entries = {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
    retrying(lambda: _check(group, cluster.admin.alter_group_offsets(group, entries)))


def forget(cluster: Cluster, group: str, places: Collection[Place]) -> None:
    """Have ``group`` know nothing of these partitions, as if it had never read them.

    Raises:
        kafka.errors.KafkaError: such as GroupSubscribedToTopicError where it has members.
    """
    wanted = [TopicPartition(*place) for place in places]
    retrying(lambda: _check(group, cluster.admin.delete_group_offsets(group, wanted)))


def _check(group: str, answer: Mapping[TopicPartition, Any]) -> None:
    for place, error in answer.items():
        if error is not NoError:
            raise error(f"group {group}, {place.topic} {place.partition}")
