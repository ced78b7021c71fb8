"""A paused partition that moves to another member and comes back is read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack

from connector.batch import Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.source import KafkaSource
from tests.connector.processes import Route, until

RECORDS = 50
PARTITIONS = 4


class Member:
    """One member of the group: the partitions it has, and how many records of each it has read."""

    def __init__(self, route: Route, *, pausing: bool = False) -> None:
        config = {"kind": "kafka", "bootstrap": route.bootstrap, "topic": route.topic, "group": route.group}
        self.source = KafkaSource(
            KafkaConfig.model_validate(config | {"session_timeout": "6s", "linger": "20ms"}), route.bootstrap
        )
        self.pausing = pausing
        self.assignment: set[Partition] = set()
        self.gave_up: set[Partition] = set()
        self.read: dict[Partition, int] = {}
        self.source.start(self)

    def assigned(self, partitions: Collection[Partition]) -> None:
        self.assignment.update(partitions)
        if self.pausing:
            self.source.pause(partitions)

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self.lost(partitions)
        return {}

    def lost(self, partitions: Collection[Partition]) -> None:
        self.assignment.difference_update(partitions)
        self.gave_up.update(partitions)
        for partition in partitions:
            self.read.pop(partition, None)

    def committed(self, positions: Mapping[Partition, int]) -> None:
        """Nothing depends on it here."""

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        raise AssertionError((partition, reason))

    def poll(self) -> bool:
        """Read once; always false, so that a condition may begin with it."""
        for batch in self.source.poll(0.02):
            self.read[batch.partition] = self.read.get(batch.partition, 0) + len(batch)
        return False


def test_a_paused_partition_that_comes_back_is_read_again(route: Route):
    for partition in range(PARTITIONS):
        route.produce(RECORDS, first=partition * RECORDS, partition=partition)
    with ExitStack() as members:
        first = Member(route, pausing=True)
        members.callback(first.source.close)
        until(lambda: first.poll() or len(first.assignment) == PARTITIONS)
        first.pausing = False
        second = Member(route)
        until(lambda: first.poll() or second.poll() or len(second.assignment) == PARTITIONS // 2)
        second.source.close()
        until(lambda: first.poll() or len(first.assignment) == PARTITIONS)
        # It was assigned anew, and whoever assigns decides whether it waits: nobody has paused it since.
        until(lambda: first.poll() or all(first.read.get(partition) == RECORDS for partition in first.gave_up))
        assert not first.read.keys() - first.gave_up, "what stayed is still paused"
