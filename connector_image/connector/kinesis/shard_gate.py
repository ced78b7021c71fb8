"""Paces the shards that refuse records, by predicting which shard each record goes to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from connector.batch import Records
from connector.kinesis.shard_map import NOWHERE
from connector.kinesis.shard_pacing import ShardPacing
from connector.kinesis.shards import Shards
from connector.outcome import Answer

# Seconds; the pacing looks no more often.
_REPORT_EVERY: Final = 0.2
_THROTTLED: Final = "ProvisionedThroughputExceededException"


class ShardGate:
    """A gate of one stream. While no shard refuses anything it costs nothing."""

    def __init__(self, shards: Shards, hash_key: str | None = None, pacing: ShardPacing | None = None) -> None:
        """Watch a stream.

        Args:
            shards: Those of the stream.
            hash_key: The explicit hash key of all records, if there is one.
            pacing: How fast each shard is written.
        """
        self._shards = shards
        self._hash_key = hash_key
        self._pacing = pacing or ShardPacing()
        self._noted: Counter[bytes] = Counter()  # records that shards took since the last report
        self._refused: Counter[bytes] = Counter()
        self._records = self._bytes = 0
        self._report_at = 0.0

    @property
    def is_engaged(self) -> bool:
        """Whether any shard is paced."""
        return self._pacing.engaged

    @property
    def limits(self) -> Mapping[str, float]:
        """Records a second that go to each shard at most, of those that are paced."""
        return {shard: limit.records for shard, limit in self._pacing.limits.items()}

    def places(self, records: Records) -> Mapping[str, Sequence[int]]:
        """Part records by the shard that takes them."""
        found: dict[str, list[int]] = {}
        for index, shard in enumerate(self._predicted(records)):
            found.setdefault(shard, []).append(index)
        return found

    def grant(self, place: str, sizes: Sequence[int], now: float) -> int:
        """Tell how many of the first of these records, of so many bytes each, may go now; they count as sent."""
        return self._pacing.grant(place, sizes, now)

    def ready_at(self, place: str, now: float) -> float:
        """Tell when the next record may go to a shard; `now` if it may at once."""
        return self._pacing.ready_at(place, now)

    def observe(self, parts: Sequence[Records], answer: Answer, now: float) -> None:
        """Take in what became of a call."""
        throttled = _THROTTLED in answer.refusals.values()
        if answer.placements is None or not (throttled or self._pacing.watching):
            return
        self._noted.update(answer.placements.shards)
        self._records += len(answer.placements.shards)
        self._bytes += sum(part.size for part in parts)
        if answer.refusals:
            self._note_refusals(parts, answer.refusals, answer.placements.shards)
        if now >= self._report_at:
            self._report_at = now + _REPORT_EVERY
            self._report(now)

    def _note_refusals(self, parts: Sequence[Records], refusals: Mapping[int, str], shards: Sequence[bytes]) -> None:
        predicted: list[str] | None = None
        for index, code in refusals.items():
            shard = shards[index]
            self._noted[shard] -= 1
            if code != _THROTTLED:
                continue
            if not shard:
                # The message of a refusal does not always name the shard.
                predicted = predicted or [guess for part in parts for guess in self._predicted(part)]
                shard = predicted[index].encode()
            self._refused[shard] += 1

    def _report(self, now: float) -> None:
        """Tell the pacing what was noted, together: one shard at a time would cost more than to send."""
        mean = self._bytes // max(1, self._records)
        names = {shard: shard.decode() for shard in self._noted.keys() | self._refused.keys() if shard}
        if not self._shards.is_sure() or not self._shards.map.knows(names.values()):
            self._shards.ascertain()
        for shard, name in names.items():
            taken = self._noted[shard]
            self._pacing.observe(name, taken, taken * mean, self._refused[shard], now)
        self._noted.clear()
        self._refused.clear()
        self._records = self._bytes = 0

    def _predicted(self, records: Records) -> list[str]:
        known = self._shards.map
        fixed = None if self._hash_key is None else [self._hash_key] * len(records)
        indices = known.shards_of(records.keys, records.hash_keys or fixed)
        return ["" if index == NOWHERE else known.open[index] for index in indices]
