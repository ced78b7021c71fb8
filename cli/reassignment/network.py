"""Minimum-cost flow with costs that grow: the one question that all placing of replicas and leaders comes down to.

The k-th unit over an arc costs ``base + (k - 1) * slope``. With a slope above zero, units spread evenly over arcs by
themselves. A flow is the cheapest of its size exactly when no cycle in what is left of the network has a negative
cost (Klein, 1967), so that is how one is made: cancel such cycles, then add units along the cheapest paths.
No I/O; the same arcs in the same order always give the same flow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Arc:
    """A way from one node to another, and how much flows over it."""

    start: int
    end: int
    capacity: int
    base: int
    slope: int = 0
    flow: int = 0

    @property
    def gain(self) -> int:
        """What one unit more costs."""
        return self.base + self.slope * self.flow

    @property
    def relief(self) -> int:
        """What one unit less saves."""
        return self.base + self.slope * (self.flow - 1)


Step = tuple[Arc, int]
"""An arc, and 1 to add a unit or -1 to take one back."""
Ways = dict[int, tuple[Step, int]]
"""How nodes were reached: the last step, and from which node."""


class Network:
    """Nodes and arcs; ``source`` and ``sink`` are made with it."""

    def __init__(self) -> None:
        self.around: list[list[Arc]] = []
        self.source = self.node()
        self.sink = self.node()

    def node(self) -> int:
        """Another node."""
        self.around.append([])
        return len(self.around) - 1

    def arc(self, start: int, end: int, *, capacity: int = 1, base: int = 0, slope: int = 0) -> Arc:
        """Another arc."""
        made = Arc(start, end, capacity, base, slope)
        self.around[start].append(made)
        self.around[end].append(made)
        return made

    def settle(self) -> None:
        """Make the flow that is there as cheap as one of its size can be.

        By Bellman and Ford, from all nodes at once: where the ways by which nodes were reached close to a cycle, that
        is a negative one. After it has been cancelled only the nodes at its arcs are looked at again.
        """
        costs = [0] * len(self.around)
        reached: Ways = {}
        changed = set(range(len(self.around)))
        while changed:
            again: set[int] = set()
            for node in sorted(changed):
                for step, other, cost in self._steps(node):
                    if costs[node] + cost < costs[other]:
                        costs[other] = costs[node] + cost
                        reached[other] = step, node
                        again.add(other)
            if cycle := _cycle(reached, again):
                _send(cycle)
                reached = {}
                again.update(node for arc, _ in cycle for node in (arc.start, arc.end))
            changed = again

    def fill(self) -> None:
        """Send as much as goes from source to sink; what is there already must be as cheap as can be."""
        while path := self._cheapest_path():
            _send(path)

    def _cheapest_path(self) -> list[Step]:
        """From source to sink by Bellman and Ford, with a queue: costs are negative where a unit is taken back."""
        costs = {self.source: 0}
        reached: Ways = {}
        waiting, queued = deque([self.source]), {self.source}
        while waiting:
            node = waiting.popleft()
            queued.discard(node)
            for step, other, cost in self._steps(node):
                total = costs[node] + cost
                if other not in costs or total < costs[other]:
                    costs[other] = total
                    reached[other] = step, node
                    if other not in queued:
                        waiting.append(other)
                        queued.add(other)
        path: list[Step] = []
        node = self.sink
        while node in reached:
            step, node = reached[node]
            path.append(step)
        return path

    def _steps(self, node: int) -> list[tuple[Step, int, int]]:
        """Where one more unit can go from a node: the step, the node at its end, and what it costs."""
        found: list[tuple[Step, int, int]] = []
        for arc in self.around[node]:
            if arc.start == node:
                if arc.flow < arc.capacity:
                    found.append(((arc, 1), arc.end, arc.gain))
            elif arc.flow > 0:
                found.append(((arc, -1), arc.start, -arc.relief))
        return found


def _cycle(reached: Ways, among: Iterable[int]) -> list[Step]:
    """The first cycle of ways that leads to one of the nodes; nothing where there is none."""
    seen: dict[int, int] = {}
    for first in sorted(among):
        node = first
        while node in reached and node not in seen:
            seen[node] = first
            node = reached[node][1]
        if node in reached and seen[node] == first:
            steps, end = [], node
            while True:
                step, node = reached[node]
                steps.append(step)
                if node == end:
                    return steps
    return []


def _send(steps: list[Step]) -> None:
    for arc, units in steps:
        arc.flow += units
