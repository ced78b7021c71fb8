"""Tells a route whose keys repeat so much that their order limits its rate."""

from typing import Final

# Half of what is sent and not acknowledged waits for a key rather than for the target: order has become the bottleneck.
_LIMITING_SHARE: Final = 0.5
# Seconds over which the share is averaged; a burst of one key passes by itself.
_WINDOW: Final = 30.0


class OrderAdvice:
    """Averages, over windows of half a minute, how many of the records under way wait for their key.

    Order limits the rate when it is at least half of them on average, and the source held unread records all the time:
    a route that keeps up is limited by nothing.
    """

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self._held = 0.0
        self._all = 0.0
        self._kept_up = False
        self.limited = False
        """Whether order limited the rate in the last whole window."""
        self.share = 0.0
        """Share of the records under way that waited for their key in that window."""

    def sample(self, held: float, in_flight: float, lag: float, now: float) -> bool:
        """Take a sample; return whether order has just begun to limit the rate. `now` is in seconds."""
        if self._ends_at is None:
            self._ends_at = now + _WINDOW
        self._held += held
        self._all += held + in_flight
        self._kept_up = self._kept_up or lag <= 0
        if now < self._ends_at:
            return False
        was_limited = self.limited
        self.share = self._held / self._all if self._all else 0.0
        self.limited = self.share >= _LIMITING_SHARE and not self._kept_up
        self._ends_at, self._held, self._all, self._kept_up = now + _WINDOW, 0.0, 0.0, False
        return self.limited and not was_limited
