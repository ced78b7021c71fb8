"""The greatest value of late, for readers that come at times of their own."""

import time
from collections.abc import Callable


class Peak:
    """Remembers the greatest value of the last `window` to two times `window` seconds.

    A gauge of the latest value would hide every peak between two scrapes, and one that a scrape resets would serve a
    single reader only.
    """

    def __init__(self, window: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._turns_at = clock() + window
        self._now: float | None = None
        self._before: float | None = None

    def add(self, value: float) -> None:
        """Note a value."""
        if self._clock() >= self._turns_at:
            self._turn()
        if self._now is None or value > self._now:
            self._now = value

    @property
    def value(self) -> float | None:
        """The greatest of late; None when there was none."""
        now = self._clock()
        if now >= self._turns_at + self._window:
            return None
        # Only `add` turns the window: it runs on the one thread that writes.
        known = (self._now,) if now >= self._turns_at else (self._now, self._before)
        return max((value for value in known if value is not None), default=None)

    def _turn(self) -> None:
        late = self._clock() - self._turns_at
        self._before = self._now if late < self._window else None
        self._now = None
        # In whole windows, however late the first value of a new one comes: else it would remember longer.
        self._turns_at += self._window * (late // self._window + 1)
