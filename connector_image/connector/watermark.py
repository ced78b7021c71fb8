"""The contiguous watermark of one partition: the offset below which everything is acknowledged.

Answers come back in any order, so the last acknowledgement says nothing about earlier records. Only
this offset may be committed; peers that commit past failures lose records (vector #24215, #24543).
"""

from collections import deque
from collections.abc import Sequence


class Watermark:
    """Tracks runs of offsets, and how far they are acknowledged without a hole.

    A run that is acknowledged whole, the usual case, costs one comparison, not one for each record.
    Runs may have holes (compaction, transaction markers); what was never tracked is never waited for.
    """

    __slots__ = ("_acknowledged", "_cursor", "_runs", "_tracked", "_whole", "end", "position", "span")

    def __init__(self) -> None:
        self._runs: deque[Sequence[int]] = deque()
        self._tracked: dict[int, Sequence[int]] = {}  # the same runs by first offset
        self._whole: set[int] = set()  # first offsets of runs that were acknowledged in one piece
        self._acknowledged: set[int] = set()  # single offsets, of runs that were taken apart
        self._cursor = 0  # how many of the oldest run are passed already
        self.end: int | None = None
        """The offset after the last tracked one, None before the first."""
        self.position: int | None = None
        """The offset that may be committed, None while nothing is tracked."""
        self.span = 0
        """How many tracked offsets the position has not passed: what is remembered because one is not acknowledged."""

    def track(self, offsets: Sequence[int]) -> None:
        """Take in a run of offsets, ascending and above all earlier ones."""
        if not offsets:
            return
        self._runs.append(offsets)
        self._tracked[offsets[0]] = offsets
        self.end = offsets[-1] + 1
        self.span += len(offsets)
        if self.position is None:
            self.position = offsets[0]

    def acknowledge(self, offsets: Sequence[int]) -> None:
        """Note that these tracked offsets are done: a whole run as it was tracked, or any part of runs."""
        if not offsets:
            return
        if self._tracked.get(offsets[0]) is offsets:
            self._whole.add(offsets[0])
        else:
            self._acknowledged.update(offsets)
        self._advance()

    def _advance(self) -> None:
        acknowledged = self._acknowledged
        while self._runs:
            run = self._runs[0]
            before, length = self._cursor, len(run)
            if run[0] in self._whole:
                self._whole.discard(run[0])
            else:
                while self._cursor < length and run[self._cursor] in acknowledged:
                    acknowledged.discard(run[self._cursor])
                    self._cursor += 1
                if self._cursor < length:
                    self.span -= self._cursor - before
                    self.position = run[self._cursor]
                    return
            self.span -= length - before
            self._cursor = 0
            del self._tracked[run[0]]
            self._runs.popleft()
        self.position = self.end
