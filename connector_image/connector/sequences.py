"""Watches that the sequence numbers of one key ascend.

PutRecords offers no way to demand the order; what comes back shows whether it was kept. The numbers
of earlier records are kept in a bounded table: a key that it has dropped is not compared again.
"""

from collections.abc import Sequence


class Sequences:
    """Remembers the last sequence number of each key of one partition, of `capacity` keys at most."""

    __slots__ = ("_capacity", "_last")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._last: dict[str, str] = {}

    def inversions(self, keys: Sequence[str], numbers: Sequence[str]) -> int:
        """Take in acknowledged records, each key once, in order of acknowledgement; count those that go back."""
        last = self._last
        earlier = list(map(last.get, keys))
        backwards = 0
        if any(earlier):
            backwards = sum(old is not None and _above(old, new) for old, new in zip(earlier, numbers, strict=True))
        if len(last) + len(keys) > self._capacity:
            last.clear()
        last.update(zip(keys, numbers, strict=True))
        return backwards


def _above(old: str, new: str) -> bool:
    """Tell whether one decimal number is above another; those of one stream are mostly equally long."""
    return old > new if len(old) == len(new) else len(old) > len(new)
