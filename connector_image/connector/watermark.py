"""The contiguous watermark of one partition: the offset below which everything is acknowledged.

Answers come back in any order, so the last acknowledgement says nothing about earlier records. Only
this offset may be committed; peers that commit past failures lose records (vector #24215, #24543).
"""

from bisect import bisect_right
from collections.abc import Sequence


class _Run:
    """Offsets that were tracked together, and how many of them are not acknowledged yet."""

    __slots__ = ("acknowledged", "last", "left", "offsets")

    def __init__(self, offsets: Sequence[int]) -> None:
        self.offsets = offsets
        self.last = offsets[-1]
        self.left = len(offsets)
        self.acknowledged: list[Sequence[int]] = []


class Watermark:
    """Tracks runs of offsets, and how far they are acknowledged without a hole.

    An acknowledgement only counts down the run that it belongs to; which offset of the oldest run is the first that
    is missing is looked up when somebody asks, which is once for each commit and not once for each answer.
    Runs may have holes (compaction, transaction markers); what was never tracked is never waited for.
    """

    __slots__ = ("_runs", "_starts", "end", "span")

    def __init__(self) -> None:
        self._starts: list[int] = []  # first offsets of the runs
        self._runs: list[_Run] = []
        self.end: int | None = None
        """The offset after the last tracked one, None before the first."""
        self.span = 0
        """How many offsets are in runs that are not acknowledged whole: what is remembered because one is missing."""

    @property
    def position(self) -> int | None:
        """The offset that may be committed, None while nothing was ever tracked."""
        if not self._runs:
            return self.end
        oldest = self._runs[0]
        if not oldest.acknowledged:
            return oldest.offsets[0]
        acknowledged = set().union(*oldest.acknowledged)
        return next(offset for offset in oldest.offsets if offset not in acknowledged)

    def track(self, offsets: Sequence[int]) -> None:
        """Take in a run of offsets, ascending and above all earlier ones."""
        if not offsets:
            return
        run = _Run(offsets)
        self._starts.append(offsets[0])
        self._runs.append(run)
        self.end = run.last + 1
        self.span += run.left

    def acknowledge(self, offsets: Sequence[int]) -> None:
        """Note that these tracked offsets, ascending, are done; each is acknowledged once."""
        start, count = 0, len(offsets)
        while start < count:
            run = self._runs[bisect_right(self._starts, offsets[start]) - 1]
            end = count if offsets[-1] <= run.last else bisect_right(offsets, run.last)
            run.left -= end - start
            if run.left:
                run.acknowledged.append(offsets[start:end])
            start = end
        self._forget_finished()

    def _forget_finished(self) -> None:
        finished = 0
        for run in self._runs:
            if run.left:
                break
            finished += 1
            self.span -= len(run.offsets)
        if finished:
            del self._runs[:finished]
            del self._starts[:finished]
