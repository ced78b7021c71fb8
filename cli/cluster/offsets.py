"""Where the logs of partitions begin and end, and how many bytes they have."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from cli.cluster.asking import PARTITIONS_PER_REQUEST, batches, retrying
from cli.cluster.live import LogDir, Place


class Offsets:
    """What is asked of a cluster about the logs of its partitions."""

    admin: KafkaAdminClient

    def begin_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """The first offset of each partition that is still there."""
        return self._offsets(places, OffsetSpec.EARLIEST)

    def end_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset that the next record of each partition will have."""
        return self._offsets(places, OffsetSpec.LATEST)

    def log_dirs(self, places: Collection[Place] | None = None) -> list[LogDir]:
        """The log directories of all brokers with the sizes of the replicas of ``places``, or of all replicas.

        One request for each broker. A directory that is offline tells neither size nor replicas and is not in it.
        """
        partitions = None
        if places is not None:
            partitions = {topic: [p for t, p in places if t == topic] for topic in {topic for topic, _ in places}}
        answer = retrying(lambda: self.admin.describe_log_dirs(partitions))
        return [
            LogDir(
                broker=broker["broker"],
                path=found["log_dir"],
                total_bytes=_known(found.get("total_bytes")),
                usable_bytes=_known(found.get("usable_bytes")),
                sizes={
                    (topic["name"], partition["partition_index"]): partition["partition_size"]
                    for topic in found["topics"]
                    for partition in topic["partitions"]
                    if not partition["is_future_key"]
                },
            )
            for broker in answer
            for found in broker["log_dirs"]
            if not found["error_code"]
        ]

    def _offsets(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        found: dict[Place, int] = {}
        for some in batches(sorted(places), PARTITIONS_PER_REQUEST):
            wanted = {TopicPartition(*place): spec for place in some}
            answer = retrying(partial(self.admin.list_partition_offsets, wanted))
            found |= {(at.topic, at.partition): entry.offset for at, entry in answer.items()}
        return found


def _known(size: int | None) -> int | None:
    return size if size is not None and size >= 0 else None
