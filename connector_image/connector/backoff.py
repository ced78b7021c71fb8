"""How long to wait before a retry: exponential with full jitter.

Full jitter (a wait anywhere between zero and the ceiling) clears contention with the fewest calls:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import random
from collections.abc import Callable

# 2 ** 32 times any first wait is above every ceiling; larger exponents would overflow a float.
_HIGHEST_EXPONENT = 32


class Backoff:
    """Waits in seconds, drawn from zero to a ceiling that doubles from `first` up to `longest`."""

    def __init__(self, first: float, longest: float, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._first = first
        self._longest = longest
        self._draw = draw

    def ceiling(self, attempt: int) -> float:
        """Return the longest wait before retry number `attempt`, counted from 0."""
        return min(self._longest, float(self._first * 2 ** min(attempt, _HIGHEST_EXPONENT)))

    def wait(self, attempt: int) -> float:
        """Draw the wait before retry number `attempt`, counted from 0."""
        return self._draw(0.0, self.ceiling(attempt))
