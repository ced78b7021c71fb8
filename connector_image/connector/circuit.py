"""Stops calling a target that cannot answer well, and finds out by itself when it can again."""

from collections.abc import Callable
from typing import Final, Literal

State = Literal["closed", "open", "probing"]

# So many calls in a row must fail before a target counts as gone: a restart of one host fails a few.
FAILURES_IN_A_ROW: Final = 20
# Or they must fail for so many seconds: with few records there are few calls, and each may last until its time-out.
# Longer than a host takes to be replaced, and than two calls with the default time-out; short enough for an alarm.
FAILING_SECONDS: Final = 30.0


class Circuit:
    """Closed: calls flow. Open: none until a wait is over. Probing: a single call decides.

    A permanent failure (access denied, stream deleted) opens it at once, failures that usually pass
    only when they come in a row, or for a while without a call that was taken. The wait doubles from
    `shortest` to `longest` seconds with every probe that fails. Nothing is dropped meanwhile: the
    records wait, and memory being full stops the source.
    """

    def __init__(self, shortest: float = 1.0, longest: float = 60.0) -> None:
        self._shortest = shortest
        self._longest = longest
        self._wait = shortest
        self._failures = 0
        self._failing_since = 0.0
        self.state: State = "closed"
        self.reason: str | None = None
        """Why it is not closed."""
        self.reopens_at: float | None = None
        """When the next probe may go, in seconds of the caller's clock."""
        self.on_open: Callable[[], None] = lambda: None
        """Hears of it when it opens, not when a probe fails: what is known of the target may not hold afterwards."""

    def allows(self, now: float) -> bool:
        """Tell whether a call may start."""
        return self.state == "closed" or (self.reopens_at is not None and now >= self.reopens_at)

    def started(self) -> None:
        """Note that a call started; while the circuit is open it is the probe."""
        if self.state == "open":
            self.state, self.reopens_at = "probing", None

    def succeeded(self) -> bool:
        """Note a call that the target took; return whether that closed the circuit."""
        self._failures = 0
        if self.state == "closed":
            return False
        self.state, self.reason, self.reopens_at = "closed", None, None
        self._wait = self._shortest
        return True

    def failed(self, reason: str, now: float, *, permanent: bool) -> bool:
        """Note a call that failed as a whole; return whether the circuit opened by it."""
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        lasts = self._failures >= FAILURES_IN_A_ROW or now - self._failing_since >= FAILING_SECONDS
        if self.state == "open" or not (permanent or self.state == "probing" or lasts):
            return False
        was_closed = self.state == "closed"
        self.state, self.reason = "open", reason
        self.reopens_at = now + self._wait
        self._wait = min(self._longest, self._wait * 2)
        if was_closed:
            self.on_open()
        return was_closed
