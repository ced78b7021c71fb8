"""Ctrl-C between operations rather than in the middle of one.

A shard that is being split is split whether or not somebody waits for it. The first Ctrl-C (or SIGTERM, which is how
a pipeline cancels a job) therefore lets the operation under way end, so that what is told afterwards is the truth; the
second one ends the command at once.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from cli.output import note

SLICE_SECONDS = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interruption:
    """Whether the user has asked to stop."""

    requested: bool = False

    def request(self, signum: int, frame: FrameType | None) -> None:
        """Take a signal: note the first one, and give up at the second."""
        del signum, frame
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        note("stopping after the operation under way; Ctrl-C again stops at once")


_current: list[Interruption] = []


@contextmanager
def deferred() -> Iterator[Interruption]:
    """Take signals as requests to stop as long as this lasts; outside of the main thread they never arrive."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.request) for number in SIGNALS}
    _current.append(interruption)
    try:
        yield interruption
    finally:
        _current.remove(interruption)
        for number, handler in before.items():
            signal.signal(number, handler)


def requested() -> bool:
    """Whether the change under way was asked to stop."""
    return any(interruption.requested for interruption in _current)


def pause(seconds: float) -> None:
    """Wait where no operation is under way, so that a request to stop can be followed at once.

    Raises:
        KeyboardInterrupt: it was asked for.
    """
    end = time.monotonic() + seconds
    while True:
        if requested():
            raise KeyboardInterrupt
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(SLICE_SECONDS, left))
