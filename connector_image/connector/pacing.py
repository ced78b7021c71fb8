"""How far ahead of the target the source is read: what bounds the memory, for all partitions and for each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from connector.batch import Partition
from connector.feed import Lane
from connector.log import Log
from connector.source import Source

# What is queued for the next calls is no sign of a stuck record.
_QUEUED_BATCHES: Final = 8
# How often partitions are looked at, in seconds.
_LOOKS: Final = 0.02

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait; memory in bytes as `Records.footprint` counts them, times in seconds."""

    memory: int
    batch: int
    """Records that are read at a time at most."""
    span: int
    """Records that all partitions together may be read past their first ones that are not acknowledged."""
    waiting: int | None = None
    """Records that are read at a time at most while they may be waited for; without it as many."""
    patience: float = 10.0
    """How long a stall is waited out; pausing throws away what the client has read ahead."""


class Pacing:
    """Pauses and resumes the partitions of a source; `lanes` are those that are assigned, always up to date."""

    def __init__(self, source: Source, lanes: Mapping[Partition, Lane], bounds: Bounds) -> None:
        self._source = source
        self._lanes = lanes
        self._bounds = bounds
        self._full_since: float | None = None
        self._paused = False
        self._looks_at = 0.0
        self._held_back: dict[Partition, int] = {}  # paused alone, because of a stuck record: its span when it was

    def pause(self) -> None:
        """Read nothing more, of partitions that are yet to come neither."""
        self._source.pause(self._lanes)
        self._paused = True

    def assigned(self, partitions: Collection[Partition]) -> None:
        """Let new partitions wait as well while everything does."""
        if self._paused:
            self._source.pause(partitions)

    def gave_up(self, partitions: Collection[Partition]) -> None:
        """Forget partitions that went."""
        for partition in partitions:
            self._held_back.pop(partition, None)

    def may_poll(self, now: float, *, full: bool, buffered: int) -> bool:
        """Tell whether to poll now. A long stall pauses the source, so that polling goes on without reading.

        Args:
            now: The time.
            full: Whether enough is queued for the next calls.
            buffered: Memory that records take which are not acknowledged, in bytes.
        """
        if now >= self._looks_at:
            self._looks_at = now + _LOOKS
            self._hold_back()
        if self._paused and not full and buffered < self._bounds.memory // 2:
            self._source.resume(self._lanes.keys() - self._held_back.keys())
            self._paused = False
            log.info("reading again")
        if self._paused or (not full and buffered < self._bounds.memory):
            self._full_since = None
            return True
        if self._full_since is None:
            self._full_since = now
        if now - self._full_since > self._bounds.patience:
            self.pause()
            log.warning("the target takes nothing for a while, reading pauses", buffered_bytes=buffered)
            return True
        return False

    def _hold_back(self) -> None:
        """Read no further in a partition far past a stuck record, and on once that has moved.

        Those that flow may take half of what those held back have left, so that all together stay within the bound
        and one that is stuck never stops the others.
        """
        spans = {partition: lane.watermark.span for partition, lane in self._lanes.items()}
        moving = [partition for partition, span in self._held_back.items() if spans[partition] <= span // 2]
        self.gave_up(moving)
        if moving and not self._paused:
            self._source.resume(moving)
            log.info("reading partitions again", partitions=sorted(map(str, moving)))
        flowing = {partition: span for partition, span in spans.items() if partition not in self._held_back}
        taken = sum(flowing.values())
        free = self._bounds.span - (sum(spans.values()) - taken)
        if taken > max(free // 2, _QUEUED_BATCHES * self._bounds.batch):
            stuck = max(flowing, key=lambda partition: flowing[partition])
            self._held_back[stuck] = flowing[stuck]
            self._source.pause([stuck])
            position = self._lanes[stuck].watermark.position
            log.warning("reading of a partition pauses, it waits for a record", partition=str(stuck), offset=position)
