"""In which order to split and merge. No I/O.

A split adds one cut to the map and a merge removes one, so the wanted cuts that are not there and the cuts that are
there and not wanted are the least number of operations, whatever their order. The order decides how many shards are
open in between, which the account's quota and the bill see, and how wide they are, which the load sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from heapq import heapify, heappop, heappush

from cli.stream.live import KEY_SPACE
from cli.stream.resharding.operations import Merge, Operation, Split
from cli.stream.resharding.shard_map import ShardMap


class Order(StrEnum):
    """In which order a plan splits and merges."""

    SWEEP = "sweep"
    CAPACITY_FIRST = "capacity-first"


def ordered(now: ShardMap, wanted: ShardMap, order: Order) -> list[Operation]:
    """The fewest splits and merges from one map to another, in ``order``."""
    return sweep(now, wanted) if order is Order.SWEEP else capacity_first(now, wanted)


def capacity_first(now: ShardMap, wanted: ShardMap) -> list[Operation]:
    """All splits and then all merges: no shard ever takes more load than before, and the peak is the highest."""
    work = _Work(now, wanted)
    return [*map(work.split, work.splits_left()), *map(work.merge, work.merges_left())]


def sweep(now: ShardMap, wanted: ShardMap) -> list[Operation]:
    """From the low hash keys to the high ones, merging as soon as the wanted shard around a cut allows it.

    What holds for every map, be it even or not, with n shards before and m after:

    - every shard in between lies inside a shard of before or inside one of after, so none is wider than both;
    - at most ``max(n, m) + 1`` shards are open at any time, and at least ``min(n, m)``.

    Why the peak holds. A cut may go when its neighbours lie in the wanted shard around it, so a wanted shard with three
    unwanted cuts or more can give some up without any split, and one with two needs a single split for each. Only a
    wanted shard with one unwanted cut needs both its edges. As long as fewer than ``max(n, m)`` shards are open, any
    split will do: the lowest. At ``max(n, m)``, with no merge left to do, it has to be one that allows a merge at once.
    There is one: count the edges that are missing between two shards which have what they need, against the unwanted
    cuts there. If each stretch had only splits after which nothing can be merged, more than ``max(n, m)`` shards
    would be wanted.
    """
    work = _Work(now, wanted)
    least, most = sorted((now.count, wanted.count))
    operations: list[Operation] = []
    while work.left:
        cut = work.merge_at_hand()
        if cut is not None and (work.count > least or work.splits == 0):
            operations.append(work.merge(cut))
        elif cut is not None or work.count < most:
            operations.append(work.split(work.lowest_split()))
        else:
            operations.append(work.split(work.split_before_a_merge()))
    return operations


class _Work:
    """What is still to do, and the map as it is by then: a list of cuts, each linked to its neighbours.

    A cut is known by its place in ``keys``, all cuts of both maps in order; the two ends of the key space have the
    first place and the last.
    """

    def __init__(self, now: ShardMap, wanted: ShardMap) -> None:
        there, kept = set(now.cuts), set(wanted.cuts)
        self.keys = [0, *sorted(there | kept), KEY_SPACE]
        last = len(self.keys) - 1
        self.there = [place in (0, last) or key in there for place, key in enumerate(self.keys)]
        self.wanted = [place in (0, last) or key in kept for place, key in enumerate(self.keys)]
        self.count = now.count
        self.splits = len(kept - there)
        self.merges = len(there - kept)
        self.below = _nearest(self.there)
        self.above = _nearest(self.there, above=True)
        self.lower_edge = _nearest(self.wanted)
        self.upper_edge = _nearest(self.wanted, above=True)
        self._lowest = iter(self.splits_left())
        self._at_hand: list[int] = []
        self._before_a_merge: list[int] = []
        for place in self.merges_left():
            self._see(place)
        heapify(self._at_hand)
        heapify(self._before_a_merge)

    @property
    def left(self) -> int:
        """Operations that are still to do."""
        return self.splits + self.merges

    def splits_left(self) -> list[int]:
        """The wanted cuts that are not there, the lowest first."""
        return [place for place, there in enumerate(self.there) if self.wanted[place] and not there]

    def merges_left(self) -> list[int]:
        """The cuts that are there and not wanted, the lowest first."""
        return [place for place, there in enumerate(self.there) if there and not self.wanted[place]]

    def merge_at_hand(self) -> int | None:
        """The lowest cut that may go by now; once one may, it always may."""
        return self._at_hand[0] if self._at_hand else None

    def lowest_split(self) -> int:
        """The lowest wanted cut that is not there."""
        return next(place for place in self._lowest if not self.there[place])

    def split_before_a_merge(self) -> int:
        """The lowest split after which a merge is at hand that was not before."""
        while self.there[self._before_a_merge[0]]:
            heappop(self._before_a_merge)
        return heappop(self._before_a_merge)

    def split(self, place: int) -> Split:
        """Make a cut."""
        below = place - 1
        while not self.there[below]:
            below -= 1
        above = self.above[below]
        self.there[place] = True
        self.below[place], self.above[place] = below, above
        self.above[below] = self.below[above] = place
        self.count += 1
        self.splits -= 1
        for neighbour in (below, above):
            if not self.wanted[neighbour]:
                self._see(neighbour)
        return Split(self.keys[below], self.keys[above] - 1, self.keys[place])

    def merge(self, place: int) -> Merge:
        """Remove a cut."""
        if self._at_hand and self._at_hand[0] == place:
            heappop(self._at_hand)
        below, above = self.below[place], self.above[place]
        self.there[place] = False
        self.above[below], self.below[above] = above, below
        self.count -= 1
        self.merges -= 1
        return Merge((self.keys[below], self.keys[place] - 1), (self.keys[place], self.keys[above] - 1))

    def _see(self, place: int) -> None:
        """Note whether an unwanted cut may go, or which one split it waits for."""
        waits_below = self.below[place] < self.lower_edge[place]
        waits_above = self.above[place] > self.upper_edge[place]
        if waits_below and waits_above:
            return
        if waits_below or waits_above:
            heappush(self._before_a_merge, self.lower_edge[place] if waits_below else self.upper_edge[place])
        else:
            heappush(self._at_hand, place)


def _nearest(marked: Sequence[bool], *, above: bool = False) -> list[int]:
    """For each place the nearest one below (or above) it that is marked; the two ends stand for themselves."""
    last = len(marked) - 1
    places = range(last, -1, -1) if above else range(last + 1)
    nearest = [0] * (last + 1)
    latest = last if above else 0
    for place in places:
        nearest[place] = latest
        if marked[place]:
            latest = place
    return nearest
