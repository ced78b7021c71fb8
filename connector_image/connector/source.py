"""What the engine asks of a source, and what a source asks of the engine."""

from collections.abc import Collection, Mapping
from typing import Protocol

from connector.batch import Batch, Partition
from connector.errors import ConnectorError


class Owner(Protocol):
    """Who works on the partitions. All calls come on the source's thread, from within `poll` or `close`."""

    def assigned(self, partitions: Collection[Partition]) -> None:
        """These partitions are ours from now on."""

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Finish these partitions as far as time allows; return the offsets to commit before they go."""

    def lost(self, partitions: Collection[Partition]) -> None:
        """These partitions are somebody else's already: nothing of them may be committed."""

    def committed(self, positions: Mapping[Partition, int]) -> None:
        """These offsets are committed."""

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        """Hear that this partition gives no more records until it is assigned anew; the others go on."""


class Source(Protocol):
    """Partitions of records, shared out among the members of a group. One thread makes all calls."""

    joined: bool
    """Whether the group counts this member in: it has its share, possibly an empty one, and the group answers."""

    def start(self, owner: Owner) -> None:
        """Join the group."""

    def poll(self, patience: float) -> list[Batch]:
        """Take the records that are there; at most one batch for each partition. Keeps the membership alive.

        Args:
            patience: How long to wait for a full batch, in seconds.

        Raises:
            ConnectorError: reading cannot go on.
        """

    def pause(self, partitions: Collection[Partition]) -> None:
        """Let `poll` return nothing of these partitions for now."""

    def resume(self, partitions: Collection[Partition]) -> None:
        """Undo `pause`."""

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit these offsets; the owner hears of it when it is done."""

    def lags(self, positions: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Count what each partition holds from its position on, as far as that is known."""

    def finish(self, end: float) -> None:
        """Begin to end: take up no more partitions, and wait for nobody much beyond `end`, of the monotonic clock."""

    def close(self) -> None:
        """Give all partitions up, be sure that what is finished of them is committed or log why not, and leave."""
