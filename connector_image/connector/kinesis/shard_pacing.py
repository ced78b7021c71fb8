"""How fast each shard is written, learnt from its throttles.

A shard takes 1,000 records and 1 MiB a second, from all its writers together, and refuses the rest record by record.
https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html

To send a refused record again costs little while few are. So a shard is left alone until more than 2 % of its records
are refused in a second. Then it is paced, beginning with what it was seen to take. The limit grows by equal steps,
faster after a while in which little is refused, and falls by a part of itself when too much is: writers that do so come
to equal shares of what they have in common (Chiu and Jain, "Analysis of the increase and decrease algorithms for
congestion avoidance", 1989). A shard that takes all that is wanted is let go again.

One number is learnt for each shard, its rate in units of 1,000 records and 1 MiB a second. Whichever of the two is
exhausted first holds a route back, so that records of another size need nothing to be learnt anew. That a shard takes
one unit is not presumed: other writers have their part, stand-ins take more, and services change.

Throttles that come however little is sent drive a limit down to its floor, as do writers that never give way.
"""

import random
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import inf
from typing import Final, NamedTuple

RECORDS: Final = 1000
BYTES: Final = 1 << 20

# A window is so many seconds, longer while it holds fewer records than these, but not endlessly. Its length varies,
# lest of several writers always the same one notices first that together they send too much.
_WINDOW: Final = 1.0
_VARIATION: Final = 0.2
_LONGEST_WINDOW: Final = 5.0
_ENOUGH_RECORDS: Final = 20
_LOOK_EVERY: Final = 0.1

# Of a shard's records in a window, what is cheaper to send again than to avoid. Chance adds so many deviations.
_THROTTLED: Final = 0.02
_DEVIATIONS: Final = 2.0
# Of a thousand shards some exceed that in every window by chance. To be paced at all a shard must exceed this.
_SURE_DEVIATIONS: Final = 5.0
# A limit falls to this part of what was taken, but not below half of itself, because a window may have seen a hiccup.
_FALL: Final = 0.9
_DEEPEST_FALL: Final = 0.5
# Units by which a limit grows in a window; one above a unit by this part of itself. After some windows it accelerates.
_STEP: Final = 0.01
_EVEN_STEPS: Final = 5
# Some records must go to see whether the shard takes more again.
_FLOOR: Final = 0.05
# What is not used within so many seconds is lost, so that no pause is followed by a burst. Records go together once
# what is left makes a call worth while.
_BURST: Final = 0.2
_WORTH_A_CALL: Final = 0.05
# After so many seconds in which nothing was held back a shard is let go.
_UNNEEDED: Final = 10.0

# The service words it in two ways. A stream may be called like a shard.
_MESSAGE: Final = re.compile(r"Rate exceeded for shard (?:- \d+/[^/\s]+/)?(shardId-\d{12})\b(?!/)", re.IGNORECASE)


def throttled_shard(message: str) -> str | None:
    """Return the shard that refused a record, from the record's ErrorMessage; None where that does not tell.

    As documented: "Rate exceeded for shard shardId-000000000001 in stream NAME under account 111122223333." Seen as
    well: "Rate exceeded for Shard - 111122223333/NAME/shardId-000000000001".
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsResultEntry.html
    """
    found = _MESSAGE.match(message)
    return found[1] if found else None


class Limit(NamedTuple):
    """What is sent to a shard in a second at most."""

    records: float
    bytes: float


class ShardPacing:
    """Holds the records of each shard back that it would refuse; times are of one monotonic clock, in seconds.

    While no shard refuses anything it knows of none: `watching` is false, and answers without throttles need not be
    observed. While none is paced `engaged` is false, and nothing need be asked, so no shard need be predicted.
    """

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._draw = draw
        self._shards: dict[str, _Shard] = {}
        self._look_at = 0.0
        self.engaged = False
        """Whether any shard is paced."""

    @property
    def watching(self) -> bool:
        """Whether the records that shards take have to be observed as well."""
        return bool(self._shards)

    @property
    def limits(self) -> dict[str, Limit]:
        """The limits of the shards that are paced."""
        return {
            name: Limit(shard.limit * RECORDS, shard.limit * BYTES)
            for name, shard in self._shards.items()
            if shard.limit < inf
        }

    def observe(self, shard: str, taken_records: int, taken_bytes: int, throttled: int, now: float) -> None:
        """Take in what became of the records of one shard in an answer; `taken_bytes` may be the mean of the call."""
        self._look(now)
        state = self._shards.get(shard)
        if state is None:
            if not throttled:
                return
            state = self._shards[shard] = _Shard(now)
        state.taken_records += taken_records
        state.taken_bytes += taken_bytes
        state.throttled += throttled

    def grant(self, shard: str, sizes: Sequence[int], now: float) -> int:
        """Tell how many of the first of these records, of so many bytes each, may go now; they count as sent."""
        self._look(now)
        state = self._shards.get(shard)
        return len(sizes) if state is None else state.grant(sizes, now)

    def ready_at(self, shard: str, now: float) -> float:
        """Tell when the next record may go; `now` if it may at once."""
        state = self._shards.get(shard)
        return now if state is None else max(now, state.ready_at)

    def _look(self, now: float) -> None:
        """Close the windows that are due, also those of shards that are not written any more."""
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY
        for name, shard in list(self._shards.items()):
            if shard.is_due(now) and not shard.close(now, self._draw(-_VARIATION, _VARIATION)):
                del self._shards[name]
        self.engaged = any(shard.limit < inf for shard in self._shards.values())


class _Shard:
    """What is known of a shard since it refused a record."""

    def __init__(self, now: float) -> None:
        self.limit = inf
        """Units a second; infinite while the shard is only watched."""
        self._calm_windows = 0
        self._calm_since: float | None = None  # since when nothing has been held back
        # What may go at once, in units of records and of bytes; below zero after a record that was larger.
        self._filled_at = now
        self._records_left = self._bytes_left = 0.0
        self._open(now, _WINDOW)

    def _open(self, now: float, length: float) -> None:
        self._since, self._length = now, length
        self._held_back = False
        self.taken_records = self.taken_bytes = self.throttled = 0

    @property
    def ready_at(self) -> float:
        """When enough may go to make a call worth while."""
        if self.limit == inf:
            return 0.0
        return self._filled_at + _WORTH_A_CALL - min(self._records_left, self._bytes_left) / self.limit

    def grant(self, sizes: Sequence[int], now: float) -> int:
        """Tell how many of the first of these records may go."""
        if self.limit == inf or not sizes:
            return len(sizes)
        if now < self.ready_at:
            self._held_back = True
            return 0
        gained, most = self.limit * (now - self._filled_at), self.limit * _BURST
        self._filled_at = now
        self._records_left = min(self._records_left + gained, most)
        self._bytes_left = min(self._bytes_left + gained, most)
        # The last record may take more than is left, else one that is larger than a burst could never go.
        sums = list(accumulate(sizes[: int(self._records_left * RECORDS) + 1]))
        granted = min(bisect_left(sums, self._bytes_left * BYTES) + 1, len(sums))
        self._records_left -= granted / RECORDS
        self._bytes_left -= sums[granted - 1] / BYTES
        self._held_back |= granted < len(sizes)
        return granted

    def is_due(self, now: float) -> bool:
        """Tell whether the window holds enough to judge by."""
        age = now - self._since
        enough = self.taken_records + self.throttled >= _ENOUGH_RECORDS
        return age >= self._length and (enough or age >= _LONGEST_WINDOW)

    def close(self, now: float, variation: float) -> bool:
        """Draw the conclusion of the window and open the next; tell whether the shard needs watching any longer."""
        tolerable = _THROTTLED * (self.taken_records + self.throttled)
        deviations = _SURE_DEVIATIONS if self.limit == inf else _DEVIATIONS
        too_much = self.throttled > tolerable + deviations * tolerable**0.5
        seen = max(self.taken_records / RECORDS, self.taken_bytes / BYTES) / (now - self._since)
        if self.limit == inf:
            if too_much:
                self.limit, self._filled_at = max(seen, _FLOOR), now
            needed = self.throttled > 0
        elif too_much:
            self.limit = max(_FALL * min(seen, self.limit), _DEEPEST_FALL * self.limit, _FLOOR)
            self._calm_windows, self._calm_since = 0, None
            needed = True
        else:
            needed = self._stay_calm(now)
        self._open(now, _WINDOW + variation)
        return needed

    def _stay_calm(self, now: float) -> bool:
        """Grow if that is wanted; tell whether the shard has to be paced any longer."""
        self._calm_windows += 1
        if self._held_back:
            acceleration = 1 + max(0, self._calm_windows - _EVEN_STEPS) ** 2 / 4
            self.limit += _STEP * max(1.0, self.limit) * acceleration
            self._calm_since = None
            return True
        if self._calm_since is None:
            self._calm_since = self._since
        return now - self._calm_since < _UNNEEDED
