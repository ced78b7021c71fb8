"""What moves will copy, and whether the disks take it. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cli.cluster import LogDir, Place
from cli.reassignment.planner import Move


@dataclass(frozen=True)
class Estimate:
    """Bytes that moves copy, as large as the partitions are now."""

    incoming: Mapping[int, int]
    """By broker."""
    outgoing: Mapping[int, int]
    """By the broker that leads the partition, or would: its first replica."""
    unknown: int = 0
    """Partitions whose size no broker tells."""

    @property
    def copied(self) -> int:
        """All of it."""
        return sum(self.incoming.values())

    def lasts(self, rate: int) -> timedelta:
        """How long it takes at least, at so many bytes a second for each broker and direction."""
        busiest = max([*self.incoming.values(), *self.outgoing.values()], default=0)
        return timedelta(seconds=-(-busiest // rate))


def sizes(log_dirs: Iterable[LogDir]) -> dict[Place, int]:
    """Bytes of each partition: of its largest replica, since others may still be catching up."""
    found: dict[Place, int] = {}
    for directory in log_dirs:
        for place, size in directory.sizes.items():
            found[place] = max(size, found.get(place, 0))
    return found


def estimate(moves: Sequence[Move], log_dirs: Collection[LogDir]) -> Estimate:
    """What these moves copy."""
    known = sizes(log_dirs)
    incoming: Counter[int] = Counter()
    outgoing: Counter[int] = Counter()
    for move in moves:
        size = known.get(move.place, 0)
        incoming.update(dict.fromkeys(move.added, size))
        if move.added:
            outgoing[move.before[0]] += size * len(move.added)
    unknown = sum(1 for move in moves if move.added and move.place not in known)
    return Estimate(incoming, outgoing, unknown)


def without_room(estimated: Estimate, log_dirs: Collection[LogDir]) -> dict[int, tuple[int, int]]:
    """The brokers that would receive more than is free on all of their disks together: bytes that come, and room.

    What leaves a broker does not count: Kafka adds replicas before it takes any away. Brokers that do not tell what is
    free are not among them.
    """
    free: Counter[int] = Counter()
    silent = set()
    for directory in log_dirs:
        if directory.usable_bytes is None:
            silent.add(directory.broker)
        else:
            free[directory.broker] += directory.usable_bytes
    return {
        broker: (size, free[broker])
        for broker, size in sorted(estimated.incoming.items())
        if broker in free and broker not in silent and size > free[broker]
    }
