"""On which brokers the partitions of one topic shall lie. No I/O, and the same question has always the same answer.

What is wanted, the first before the second and so on:

- least movement: as few replicas as possible are copied to a broker that has none of the partition;
  only partitions that have to change take part, those with a replica on a broker that is to be left, or too few or too
  many of them; but a partition that could do with what it has, and would lie in fewer racks then, has what it takes
  copied to keep them;
- racks: the replicas of a partition lie in as many racks, and as evenly, as can be (KIP-36);
- evenness: brokers hold the same number of the topic's replicas, give or take one, then of all replicas.

Balancing turns it round: racks, evenness, and among all that are equally even the one that moves least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cli.reassignment.network import Arc, Network

Replicas = tuple[int, ...]
"""Broker ids; the first is the preferred leader."""
Layout = Mapping[int, Replicas]
"""The partitions of a topic, by index."""
Racks = Mapping[int, str | None]
"""The brokers that may hold replicas, with their racks; one without a rack is a rack of its own."""

Way = tuple[Arc, Arc, Arc, Arc]
"""What a replica on a broker flows over: into its partition, into the rack, to the broker, to the sink."""


@dataclass(frozen=True)
class Weights:
    """What each kind of cost counts; a worse one is never outweighed by any number of those below it."""

    move: int
    rack: int
    topic: int
    cluster: int

    @classmethod
    def of(cls, replicas: int, *, balance: bool) -> Weights:
        """Weights for a number of replicas, all others of the cluster included."""
        base = (2 * replicas + 2) ** 2
        order = ("rack", "topic", "cluster", "move") if balance else ("move", "rack", "topic", "cluster")
        return cls(**{name: base ** (len(order) - 1 - place) for place, name in enumerate(order)})


@dataclass(frozen=True)
class Load:
    """What brokers hold beside the partitions that are being placed."""

    topic: Mapping[int, int] = field(default_factory=dict)
    """Of the same topic."""
    cluster: Mapping[int, int] = field(default_factory=dict)
    """Of all other topics."""

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.topic.values()) + sum(self.cluster.values())


def has_to_change(replicas: Replicas, racks: Racks, replication: int) -> bool:
    """Whether a partition cannot stay as it is."""
    return len(replicas) != replication or not set(replicas) <= set(racks)


def place(
    before: Layout,
    racks: Racks,
    *,
    replication: int | None = None,
    balance: bool = False,
    elsewhere: Mapping[int, int] | None = None,
    current: Layout | None = None,
    known: Racks | None = None,
) -> dict[int, frozenset[int]]:
    """The brokers of each partition; leaders are chosen afterwards, see ``leaders``.

    Args:
        before: where the replicas lie.
        racks: the brokers that may hold replicas.
        replication: replicas of each partition; None leaves each partition as many as it has.
        balance: move more than must be moved, until brokers are even.
        elsewhere: replicas of other topics on each broker.
        current: where to begin the search, if not with ``before``.
        known: the racks of brokers that are to be left; one of which nothing is known counts as a rack of its own.

    Raises:
        ValueError: there are fewer brokers than replicas.
    """
    wanted = {index: replication or len(replicas) for index, replicas in before.items()}
    if max(wanted.values(), default=0) > len(racks):
        raise ValueError(f"{max(wanted.values())} replicas need as many brokers, and there are {len(racks)}")
    free = {
        index: replicas
        for index, replicas in before.items()
        if balance or has_to_change(replicas, racks, wanted[index])
    }
    fixed = Counter(broker for index, replicas in before.items() if index not in free for broker in replicas)
    if not balance:
        by_rack = {**(known or {}), **racks}
        free = {index: _kept(replicas, racks, by_rack, wanted[index]) for index, replicas in free.items()}
    placing = _Placing(racks, Load(fixed, elsewhere or {}), free, wanted, balance=balance)
    chosen = placing.solve(current or before)
    return {index: chosen.get(index, frozenset(replicas)) for index, replicas in before.items()}


def _kept(replicas: Replicas, racks: Racks, known: Racks, wanted: int) -> Replicas:
    """The replicas that need not be copied, without those in whose place another rack has to be kept."""
    left = [broker for broker in replicas if broker in racks]
    least = min(_spread(replicas, known), wanted, _spread(tuple(racks), racks))
    lacking = least - _spread(left, known)
    if lacking <= max(0, wanted - len(left)):
        return replicas
    first = {_rack(broker, known): broker for broker in reversed(left)}.values()
    return tuple(sorted(left, key=lambda broker: broker not in first)[: wanted - lacking])


def _spread(brokers: Iterable[int], racks: Racks) -> int:
    return len({_rack(broker, racks) for broker in brokers})


def _rack(broker: int, racks: Racks) -> str | int:
    return racks.get(broker) or broker


class _Placing:
    """The network of one question: source → partition → its racks → brokers → sink."""

    def __init__(self, racks: Racks, load: Load, before: Layout, wanted: Mapping[int, int], *, balance: bool) -> None:
        self.wanted = {index: wanted[index] for index in before}
        self.weights = Weights.of(load.total + sum(self.wanted.values()), balance=balance)
        self.network = Network()
        self.racks = {broker: rack if rack is not None else broker for broker, rack in sorted(racks.items())}
        self.ends = {broker: self._end(broker, load) for broker in self.racks}
        self.ways: dict[int, dict[int, Way]] = {
            index: self._partition(index, frozenset(replicas)) for index, replicas in sorted(before.items())
        }

    def solve(self, start: Layout) -> dict[int, frozenset[int]]:
        """The cheapest choice, searched from ``start``."""
        for index, ways in self.ways.items():
            kept = [broker for broker in start[index] if broker in ways]
            if len(kept) <= self.wanted[index]:
                for broker in kept:
                    for arc in ways[broker]:
                        arc.flow += 1
        self._improve()
        self.network.settle()
        self.network.fill()
        return {
            index: frozenset(broker for broker, (_, _, arc, _) in ways.items() if arc.flow)
            for index, ways in self.ways.items()
        }

    def _improve(self) -> None:
        """Take every single move that makes it cheaper: quick, and leaves few cycles to be searched for."""
        moved = True
        while moved:
            moved = False
            for ways in self.ways.values():
                held = [broker for broker, way in ways.items() if way[2].flow]
                free = [broker for broker, way in ways.items() if not way[2].flow]
                exchanges = ((_exchange(ways[old], ways[new]), old, new) for old in held for new in free)
                cost, old, new = min(exchanges, default=(0, 0, 0))
                if cost < 0:
                    moved = True
                    for gone, come in zip(ways[old][1:], ways[new][1:], strict=True):
                        gone.flow -= 1
                        come.flow += 1

    def _end(self, broker: int, load: Load) -> tuple[int, Arc]:
        """A broker's way to the sink: with n replicas there already, one more adds 2n + 1 to the sum of squares."""
        node = self.network.node()
        topic, cluster = self.weights.topic, self.weights.cluster
        here = load.topic.get(broker, 0)
        base = topic * (2 * here + 1) + cluster * (2 * (here + load.cluster.get(broker, 0)) + 1)
        capacity = len(self.wanted)
        return node, self.network.arc(
            node, self.network.sink, capacity=capacity, base=base, slope=2 * (topic + cluster)
        )

    def _partition(self, index: int, before: frozenset[int]) -> dict[int, Way]:
        """The arcs that a replica on each broker flows over."""
        node = self.network.node()
        into = self.network.arc(self.network.source, node, capacity=self.wanted[index])
        by_rack: dict[str | int, tuple[int, Arc]] = {}
        for rack in dict.fromkeys(self.racks.values()):
            inner = self.network.node()
            # The k-th replica in a rack shares it with k - 1 others.
            arc = self.network.arc(node, inner, capacity=self.wanted[index], slope=self.weights.rack)
            by_rack[rack] = inner, arc
        ways: dict[int, Way] = {}
        for broker, rack in self.racks.items():
            inner, shared = by_rack[rack]
            end, leaving = self.ends[broker]
            chosen = self.network.arc(inner, end, base=0 if broker in before else self.weights.move)
            ways[broker] = into, shared, chosen, leaving
        return ways


def _exchange(old: Way, new: Way) -> int:
    """What it costs to hold a replica on one broker rather than on another."""
    cost = new[2].base - old[2].base + new[3].gain - old[3].relief
    return cost if new[1] is old[1] else cost + new[1].gain - old[1].relief
