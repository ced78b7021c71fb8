"""Paces the shards that refuse records, by predicting which shard each record goes to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from connector.batch import Records
from connector.kinesis.shard_map import NOWHERE
from connector.kinesis.shard_pacing import ShardPacing
from connector.kinesis.shards import Shards
from connector.outcome import Answer

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
        throttled = answer.codes is not None and _THROTTLED in answer.codes
        if answer.placements is None or not (throttled or self._pacing.watching):
            return
        shards = [shard.decode() for shard in answer.placements.shards]
        if not all(shards):
            # The message of a refusal does not always name the shard.
            predicted = [shard for part in parts for shard in self._predicted(part)]
            shards = [shard or guess for shard, guess in zip(shards, predicted, strict=True)]
        if not self._shards.map.knows(shards):
            self._shards.refresh()
        codes = answer.codes or [None] * len(shards)
        taken = Counter(shard for shard, code in zip(shards, codes, strict=True) if code is None)
        refused = Counter(shard for shard, code in zip(shards, codes, strict=True) if code == _THROTTLED)
        mean = sum(part.size for part in parts) // max(1, len(shards))
        for shard in taken.keys() | refused.keys():
            if shard:
                self._pacing.observe(shard, taken[shard], taken[shard] * mean, refused[shard], now)

    def _predicted(self, records: Records) -> list[str]:
        known = self._shards.map
        fixed = None if self._hash_key is None else [self._hash_key] * len(records)
        indices = known.shards_of(records.keys, records.hash_keys or fixed)
        return ["" if index == NOWHERE else known.open[index] for index in indices]
