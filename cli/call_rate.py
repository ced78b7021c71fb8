"""Calling a service no faster than it allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class CallRate:
    """Lets calls of any number of threads begin as often as a service allows.

    A call more would be refused, and would take the place of another one when it is made again.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Allow ``burst`` calls at once, and then ``per_second``."""
        self._interval = 1 / per_second
        self._ahead = (burst - 1) * self._interval
        self._clock, self._sleep = clock, sleep
        self._lock = Lock()
        self._next = float("-inf")

    def wait(self) -> None:
        """Come back when the next call may begin."""
        with self._lock:
            now = self._clock()
            begins = max(self._next, now - self._ahead)
            self._next = begins + self._interval
        if begins > now:
            self._sleep(begins - now)
