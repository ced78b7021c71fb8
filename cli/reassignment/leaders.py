"""Which replica of each partition comes first: Kafka prefers it as the leader. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cli.reassignment.network import Arc, Network
from cli.reassignment.placement import Layout, Load, Replicas


def with_leaders(
    before: Layout,
    after: Mapping[int, frozenset[int]],
    *,
    balance: bool = False,
    elsewhere: Mapping[int, int] | None = None,
) -> dict[int, Replicas]:
    """Put the replicas of each partition in order, so that leaders are spread evenly.

    A partition keeps its preferred leader as long as that holds a replica; ``balance`` chooses anew for all, and among
    all choices that are equally even the one that changes fewest. The other replicas stay in the order they had, the
    new ones behind them.

    Args:
        before: the replicas as they are.
        after: the brokers that shall hold them.
        balance: whether a leader may change that need not.
        elsewhere: preferred leaders of other topics on each broker.
    """
    kept = {} if balance else {index: before[index][0] for index, chosen in after.items() if before[index][0] in chosen}
    leaders = kept | _chosen(
        {index: brokers for index, brokers in after.items() if index not in kept},
        {index: replicas[0] for index, replicas in before.items()},
        Load(Counter(kept.values()), elsewhere or {}),
    )
    return {index: _ordered(leaders[index], before[index], brokers) for index, brokers in after.items()}


def _ordered(leader: int, before: Replicas, brokers: frozenset[int]) -> Replicas:
    stay = [broker for broker in before if broker in brokers and broker != leader]
    new = sorted(brokers - set(before) - {leader})
    return (leader, *stay, *new)


def _chosen(options: Mapping[int, frozenset[int]], before: Mapping[int, int], load: Load) -> dict[int, int]:
    network = Network()
    change = 1
    cluster = (2 * (load.total + len(options)) + 2) ** 2
    topic = cluster**2
    ends: dict[int, tuple[int, Arc]] = {}
    for broker in sorted({broker for brokers in options.values() for broker in brokers}):
        node, here = network.node(), load.topic.get(broker, 0)
        base = topic * (2 * here + 1) + cluster * (2 * (here + load.cluster.get(broker, 0)) + 1)
        ends[broker] = (
            node,
            network.arc(node, network.sink, capacity=len(options), base=base, slope=2 * (topic + cluster)),
        )
    ways: dict[int, dict[int, Arc]] = {}
    for index, brokers in sorted(options.items()):
        node = network.node()
        into = network.arc(network.source, node)
        ways[index] = {
            broker: network.arc(node, ends[broker][0], base=0 if before[index] == broker else change)
            for broker in sorted(brokers)
        }
        if before[index] in brokers:
            for arc in (into, ways[index][before[index]], ends[before[index]][1]):
                arc.flow += 1
    network.settle()
    network.fill()
    return {index: next(broker for broker, arc in arcs.items() if arc.flow) for index, arcs in ways.items()}
