"""Offsets that a group shall have: which they are at a time, and committing them in its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetTimestamp
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from cli.cluster import Cluster, Place, retrying
from cli.cluster.asking import PARTITIONS_PER_REQUEST, batches


def offsets_at_time(cluster: Cluster, places: Collection[Place], milliseconds: int) -> dict[Place, int]:
    """The first offset in each partition whose record is of this time or later, in milliseconds since 1970.

    Partitions are missing that have no such record.
    """
    found: dict[Place, int] = {}
    for some in batches(sorted(places), PARTITIONS_PER_REQUEST):
        wanted = {TopicPartition(*place): OffsetTimestamp(milliseconds) for place in some}
        answer = retrying(partial(cluster.admin.list_partition_offsets, wanted))
        found |= {(at.topic, at.partition): entry.offset for at, entry in answer.items() if entry.offset >= 0}
    return found


def commit(cluster: Cluster, group: str, offsets: Mapping[Place, int]) -> None:
    """Have ``group`` go on at these offsets; only one without members lets others do so.

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
