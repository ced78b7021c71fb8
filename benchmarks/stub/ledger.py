"""What arrived: how many records, how many of them for the first time, how many of those out of order."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import PLACES, Heads

_SPREAD = 2_654_435_761  # Knuth's multiplier, spreads successive numbers


class Ledger:
    """Judges records by the numbers in their heads; refuses a fraction of them once each."""

    def __init__(self, capacity: int, throttle: float) -> None:
        self._seen = np.zeros(capacity, dtype=bool)
        self._refused = np.zeros(capacity, dtype=bool)
        self._latest = np.full(PLACES, -1, dtype=np.int64)
        self._threshold = int(throttle * (1 << 32))
        self.delays_ns: list[int] = []
        self.records = self.distinct = self.violations = self.refused = 0

    def take(self, heads: Heads) -> list[bool] | None:
        """Note the records of one call in their order.

        Returns:
            Which of them are refused; None where all are taken.
        """
        numbers = heads["number"]
        places = heads["place"]
        refused = self._choose(numbers)
        if refused is not None:
            taken = ~refused
            numbers, places, heads = numbers[taken], places[taken], heads[taken]
        self.records += len(numbers)
        if len(heads) and heads["created"][0]:
            self._note_delays(heads)
        new = ~self._seen[numbers]
        if not new.all():
            numbers, places = numbers[new], places[new]
        if len(set(places.tolist())) == len(places):
            self._note(numbers, places)
        else:
            _, which, counts = np.unique(places, return_inverse=True, return_counts=True)
            once = counts[which] == 1
            self._note(numbers[once], places[once])
            for number, place in zip(numbers[~once].tolist(), places[~once].tolist(), strict=True):
                self._note_one(number, place)
        return None if refused is None else refused.tolist()

    def _choose(self, numbers: NDArray[np.uint32]) -> NDArray[np.bool_] | None:
        if not self._threshold:
            return None
        refused = (numbers.astype(np.uint64) * _SPREAD & 0xFFFFFFFF) < self._threshold
        refused &= ~self._refused[numbers]
        if not refused.any():
            return None
        self._refused[numbers[refused]] = True
        self.refused += int(refused.sum())
        return refused

    def _note(self, numbers: NDArray[np.uint32], places: NDArray[np.uint32]) -> None:
        before = self._latest[places]
        self.violations += int((before > numbers).sum())
        self._latest[places] = np.maximum(before, numbers)
        self._seen[numbers] = True
        self.distinct += len(numbers)

    def _note_one(self, number: int, place: int) -> None:
        if self._seen[number]:
            return
        self._seen[number] = True
        self.distinct += 1
        self.violations += int(self._latest[place] > number)
        self._latest[place] = max(int(self._latest[place]), number)

    def _note_delays(self, heads: Heads) -> None:
        self.delays_ns.extend((time.time_ns() - heads["created"].astype(np.int64)).tolist())
