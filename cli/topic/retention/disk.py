"""Whether the disks hold what a raised retention will keep. No I/O.

The bytes a day of each partition are what it holds, divided by the age of its first record: the mean over what is
there. Where producers write old timestamps, or have only just begun, it is as wrong as that mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.cluster import LogDir, Place
from cli.topic.retention.limits import Limits
from cli.topic.retention.losses import PartitionState

DAY = 86_400_000
SHORTEST_SPAN = 3_600_000
"""In ms: what was written in less time says nothing about a day."""


@dataclass(frozen=True)
class DiskNeed:
    """What one log directory will have to hold of the topic, in bytes."""

    broker: int
    path: str
    held: int
    """Of the topic, now."""
    expected: int | None
    """Of the topic, once the new retention has filled; None where it grows without end."""
    a_day: int
    """That the topic's replicas in it grow by."""
    usable: int | None
    """Free on the disk; None where the brokers do not tell (before Kafka 3.3, KIP-827)."""

    @property
    def more(self) -> int | None:
        """That the topic will need beside what it has."""
        return None if self.expected is None else max(0, self.expected - self.held)

    @property
    def too_much(self) -> bool:
        """Whether the disk has not got that."""
        return self.more is not None and self.usable is not None and self.more > self.usable

    @property
    def days_left(self) -> int | None:
        """Until the disk is full, where the topic grows without end; None where that is not known."""
        if self.expected is not None or self.usable is None or not self.a_day:
            return None
        return self.usable // self.a_day

    def as_json(self) -> dict[str, object]:
        """The entry in a JSON answer."""
        return {
            "broker": self.broker,
            "log_dir": self.path,
            "held_bytes": self.held,
            "expected_bytes": self.expected,
            "bytes_a_day": self.a_day,
            "usable_bytes": self.usable,
        }


def bytes_a_day(state: PartitionState, now: int) -> float | None:
    """What one replica of a partition grows by; None where that cannot be told yet."""
    if state.size is not None and not state.records:
        return 0.0
    if state.size is None or state.oldest is None or now - state.oldest < SHORTEST_SPAN:
        return None
    return state.size * DAY / (now - state.oldest)


def disk_needs(
    partitions: Iterable[PartitionState], log_dirs: Sequence[LogDir], topic: str, limits: Limits, now: int
) -> tuple[list[DiskNeed], list[int]]:
    """What each log directory that holds replicas of a topic will have to hold of it.

    Args:
        partitions: of the topic.
        log_dirs: of all brokers.
        topic: its name.
        limits: what shall be kept.
        now: in ms since 1970.

    Returns:
        the needs, and the partitions of which it cannot be told: they count as what they hold now.
    """
    kept = limits.effective
    rates = {(topic, state.index): bytes_a_day(state, now) for state in partitions}
    unknown = sorted(index for (_, index), rate in rates.items() if rate is None)
    needs = [_need(found, rates, kept) for found in log_dirs if found.sizes.keys() & rates.keys()]
    return sorted(needs, key=lambda need: (need.broker, need.path)), unknown


def _need(found: LogDir, rates: Mapping[Place, float | None], kept: Limits) -> DiskNeed:
    held, grown, a_day, endless = 0, 0.0, 0.0, False
    for place in found.sizes.keys() & rates.keys():
        size, rate = found.sizes[place], rates[place]
        held += size
        a_day += rate or 0
        if not rate:
            grown += size
        elif kept.milliseconds >= 0 or kept.size >= 0:
            by_age = rate * kept.milliseconds / DAY if kept.milliseconds >= 0 else float("inf")
            by_size = kept.size if kept.size >= 0 else float("inf")
            grown += min(by_age, by_size)
        else:
            endless = True
    return DiskNeed(found.broker, found.path, held, None if endless else round(grown), round(a_day), found.usable_bytes)
