"""Which partitions of some topics move where. No I/O, and the same question has always the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.cluster import Place
from cli.reassignment.leaders import with_leaders
from cli.reassignment.placement import Layout, Racks, Replicas, has_to_change, place

SWEEPS = 20
"""How often topics are balanced against each other at most; twice is usual."""


@dataclass(frozen=True)
class Move:
    """One partition whose replicas change: others, more, fewer, or in another order."""

    topic: str
    partition: int
    before: Replicas
    after: Replicas

    @property
    def place(self) -> Place:
        """Topic and partition."""
        return self.topic, self.partition

    @property
    def added(self) -> Replicas:
        """Brokers that get a copy of the partition."""
        return tuple(broker for broker in self.after if broker not in self.before)

    @property
    def removed(self) -> Replicas:
        """Brokers whose copy is deleted."""
        return tuple(broker for broker in self.before if broker not in self.after)

    def moments(self) -> tuple[frozenset[int], ...]:
        """The replicas before, while and after it moves.

        Kafka adds all new replicas first, and removes old ones when every new one is in sync (KIP-455), so that at no
        moment there are fewer than the smaller of before and after.
        """
        before, after = frozenset(self.before), frozenset(self.after)
        return before, before | after, after


def plan_moves(
    topics: Mapping[str, Layout],
    racks: Racks,
    *,
    replication: int | Mapping[str, int] | None = None,
    balance: bool = False,
    others: Iterable[Replicas] = (),
    known: Racks | None = None,
) -> list[Move]:
    """The moves that bring topics to where they shall lie, in order of their names; see ``placement`` for the rules.

    Args:
        topics: replicas by topic and partition.
        racks: the brokers that may hold replicas; those left out are emptied.
        replication: of all topics or by topic; None leaves each partition as many replicas as it has.
        balance: even brokers out.
        others: the partitions of all other topics, whose weight on the brokers counts.
        known: the racks of brokers that are emptied.

    Raises:
        ValueError: there are fewer brokers than replicas.
    """
    by_topic = replication if isinstance(replication, Mapping) else dict.fromkeys(topics, replication)
    planned: dict[str, Layout] = dict(topics)
    others = list(others)
    for _ in range(SWEEPS if balance else 1):
        swept = dict(planned)
        for name in sorted(topics):
            rest = [replicas for other, layout in swept.items() if other != name for replicas in layout.values()]
            swept[name] = _planned(
                topics[name],
                swept[name],
                racks,
                by_topic.get(name),
                [*others, *rest],
                balance=balance,
                known=known,
            )
        if swept == planned:
            break
        planned = swept
    return [
        Move(name, index, before, planned[name][index])
        for name in sorted(topics)
        for index, before in sorted(topics[name].items())
        if planned[name][index] != before
    ]


def movement(moves: Iterable[Move]) -> int:
    """Replicas that are copied."""
    return sum(len(move.added) for move in moves)


def batches(moves: Sequence[Move], size: int) -> list[list[Move]]:
    """Moves in groups of at most ``size`` partitions."""
    return [list(moves[first : first + size]) for first in range(0, len(moves), size)]


def _planned(
    before: Layout,
    current: Layout,
    racks: Racks,
    replication: int | None,
    others: Sequence[Replicas],
    *,
    balance: bool,
    known: Racks | None,
) -> dict[int, Replicas]:
    held = Counter(broker for replicas in others for broker in replicas)
    led = Counter(replicas[0] for replicas in others if replicas)
    chosen = place(
        before, racks, replication=replication, balance=balance, elsewhere=held, current=current, known=known
    )
    ordered = with_leaders(before, chosen, balance=balance, elsewhere=led)
    if balance:
        return ordered
    return {
        index: ordered[index] if has_to_change(replicas, racks, replication or len(replicas)) else replicas
        for index, replicas in before.items()
    }
