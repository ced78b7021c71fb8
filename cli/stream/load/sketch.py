"""Heavy hitters in bounded memory: a count-min sketch, and the keys that it found heaviest. No I/O.

G. Cormode, S. Muthukrishnan: An improved data stream summary: the count-min sketch and its applications (2005).
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from math import e, exp
from struct import Struct
from typing import Generic, TypeVar

DEPTH = 5
WIDTH = 1 << 15

K = TypeVar("K", bound=Hashable)


class CountMinSketch:
    """Sums of weights by key, in ``depth`` rows of ``width`` cells, whatever the number of keys.

    An estimate is never below the true sum. It is above it by more than ``error_bound`` (e/width of all weights) with a
    probability of at most ``error_probability`` (e^-depth), for each key that is asked for.
    """

    def __init__(self, width: int = WIDTH, depth: int = DEPTH) -> None:
        self.width = width
        self.depth = depth
        self.total = 0.0
        self._cells = array("d", bytes(8 * width * depth))
        self._words = Struct(f"<{depth}Q")

    @property
    def error_bound(self) -> float:
        """By how much an estimate may be too high, in the unit of the weights."""
        return e / self.width * self.total

    @property
    def error_probability(self) -> float:
        """How likely an estimate is beyond that."""
        return exp(-self.depth)

    def places(self, key: bytes) -> list[int]:
        """Which cells a key has, one in each row; the same in every sketch of this width and depth."""
        digest = blake2b(key, digest_size=self._words.size).digest()
        width = self.width
        return [row * width + word % width for row, word in enumerate(self._words.unpack(digest))]

    def add(self, places: Sequence[int], weight: float) -> float:
        """Add to the sum of the key that has these places, and give its new estimate.

        Only the cells that hold less than the new estimate are raised (conservative update): they have been raised by
        other keys already, so that no key's estimate falls below its sum and few rise above.
        """
        self.total += weight
        cells = self._cells
        estimate = min([cells[place] for place in places]) + weight
        for place in places:
            if cells[place] < estimate:  # noqa: PLR1730 - a call of max for each cell costs more than all the rest
                cells[place] = estimate
        return estimate

    def estimate(self, key: bytes) -> float:
        """At least the sum of a key's weights."""
        return min(self._cells[place] for place in self.places(key))


class Heaviest(Generic[K]):
    """The keys of the highest values that were offered, at most ``capacity`` of them.

    The value of a key must never fall from one offer to the next. Then no key that is missing has a higher value than
    the lowest that is kept, since the lowest never falls either.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.values: dict[K, float] = {}
        # Entries of keys whose values have risen since stay until they come up, and are then put back.
        self._heap: list[tuple[float, int, K]] = []
        self._entered = 0

    def offer(self, key: K, value: float) -> tuple[bool, K | None]:
        """Tell a key's value: whether it is kept, and which other key it drove out."""
        if key in self.values:
            self.values[key] = value
            return True, None
        if len(self.values) < self.capacity:
            self._enter(key, value)
            return True, None
        lowest = self._lowest()
        if value <= self.values[lowest]:
            return False, None
        heapq.heappop(self._heap)
        del self.values[lowest]
        self._enter(key, value)
        return True, lowest

    def _enter(self, key: K, value: float) -> None:
        self.values[key] = value
        self._entered += 1  # breaks ties, since keys need not be ordered
        heapq.heappush(self._heap, (value, self._entered, key))

    def _lowest(self) -> K:
        while True:
            value, entered, key = self._heap[0]
            if self.values[key] == value:
                return key
            heapq.heapreplace(self._heap, (self.values[key], entered, key))
