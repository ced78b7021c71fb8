"""Watches that the sequence numbers of one key ascend.

PutRecords offers no way to demand the order; what comes back shows whether it was kept. The numbers
of earlier records are kept in a bounded table: a key that it has dropped is not compared again.
"""

from collections.abc import Sequence


class Sequences:
    """Remembers the last sequence number of each key of one partition.

    Of the keys that were acknowledged last it knows `capacity` at least, and never more than twice as many and a
    call. They are kept in two generations, the older of which goes as a whole: no record pays for an eviction.
    """

    __slots__ = ("_capacity", "_older", "_recent")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._recent: dict[str, str] = {}
        self._older: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)

    def inversions(self, keys: Sequence[str], numbers: Sequence[str]) -> int:
        """Take in acknowledged records, each key once, in order of acknowledgement; count those that go back."""
        recent, older = self._recent, self._older
        earlier = [recent.get(key) or older.get(key) for key in keys]
        backwards = 0
        if any(earlier):
            backwards = sum(old is not None and _above(old, new) for old, new in zip(earlier, numbers, strict=True))
        recent.update(zip(keys, numbers, strict=True))
        if len(recent) >= self._capacity:
            self._recent, self._older = {}, recent
        return backwards


def _above(old: str, new: str) -> bool:
    """Tell whether one decimal number is above another; those of one stream are mostly equally long."""
    return old > new if len(old) == len(new) else len(old) > len(new)
