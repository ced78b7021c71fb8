"""What the engine asks of a source, and what a source asks of the engine."""

from collections.abc import Collection, Mapping
from typing import Protocol

from connector.batch import Batch, Partition


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


class Source(Protocol):
    """Partitions of records, shared out among the members of a group. One thread makes all calls."""

    def start(self, owner: Owner) -> None:
        """Join the group."""

    def poll(self) -> list[Batch]:
        """Wait a moment for records; at most one batch for each partition. Keeps the membership alive.

        Raises:
            ConnectorError: reading cannot go on.
        """

    def pause(self) -> None:
        """Let `poll` return nothing for now."""

    def resume(self) -> None:
        """Undo `pause`."""

    def commit(self, positions: Mapping[Partition, int], *, wait: bool) -> None:
        """Commit these offsets; with `wait`, be sure of it (or have logged why not) on return."""

    def lag(self, partition: Partition, position: int) -> int | None:
        """Count what the partition holds from `position` on, None when unknown."""

    def close(self) -> None:
        """Leave the group."""
