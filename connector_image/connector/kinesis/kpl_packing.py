"""Many records in one Kinesis record, as the Kinesis Producer Library packs them: by the shard that is to take them."""

from collections.abc import Hashable, Iterable
from typing import Final

from connector.batch import Records
from connector.feed import Lane
from connector.kinesis.aggregation import AggregateSize, aggregate
from connector.kinesis.shard_map import UnknownShardError
from connector.kinesis.shards import Shards
from connector.log import RateLimited
from connector.outcome import Placements

# Of an aggregate's limit so much is left to what its records cost beside their data.
_WORTH: Final = 0.9

log = RateLimited(__name__)


class KplPacking:
    """Packs by predicted shard, and finds out whether the shard that took an aggregate was the right one.

    Readers drop an aggregate whole when one of its hash keys lies outside the shard's range. That happens when the
    stream was resharded since the shards were listed: they are listed again, and nothing is packed until then.
    """

    def __init__(self, shards: Shards, size: int, hash_key: str | None = None) -> None:
        """Prepare to pack.

        Args:
            shards: Those of the stream.
            size: Bytes of an aggregate at most.
            hash_key: The explicit hash key of all records, if there is one.
        """
        self._shards = shards
        self._map = shards.map
        self._size = size
        self._hash_key = hash_key
        self.worth = int(size * _WORTH)
        """Bytes of data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Part the records of a lane by the shard that takes them."""
        del lane
        fixed = None if self._hash_key is None else [self._hash_key] * len(incoming)
        found = self._map.shards_of(incoming.keys, incoming.hash_keys or fixed)
        if found.count(found[0]) == len(found):
            return ((found[0], incoming),)
        indices: dict[int, list[int]] = {}
        for index, shard in enumerate(found):
            indices.setdefault(shard, []).append(index)
        return [(shard, incoming.select(chosen)) for shard, chosen in indices.items()]

    def is_settled(self) -> bool:
        """Tell whether the map is the latest that can be had."""
        return not self._shards.is_asking

    def has_moved(self) -> bool:
        """Tell, once, that there is a new map."""
        if self._map is self._shards.map:
            return False
        self._map = self._shards.map
        return True

    def fitting(self, parts: Iterable[Records], most: int) -> list[int]:
        """Count how many of the first records of each part go into one aggregate; the first one always does."""
        size, counts, left = AggregateSize(self._size), list[int](), most
        for part in parts:
            allowed = part if len(part) <= left else part.split(left)[0]
            count = size.take(allowed.keys, allowed.data, allowed.hash_keys)
            if count == 0:
                break
            counts.append(count)
            left -= count
            if count < len(part) or left == 0:
                break
        return counts

    def pack(self, content: Records) -> Records:
        """Make the one record, under the first one's key."""
        data = aggregate(content.keys, content.data, content.hash_keys)
        key = content.keys[0]
        hash_keys = content.hash_keys[:1] if content.hash_keys is not None else None
        return Records([key], [data], content.offsets[:1], len(data) + len(key), hash_keys)

    def is_in_vain(self, content: Records, placements: Placements | None) -> bool:
        """Tell whether readers drop the aggregate, because of the shard that took it."""
        if placements is None or not placements.shards[0] or len(content) == 1:
            return False
        shard = placements.shards[0].decode()
        fixed = None if self._hash_key is None else [self._hash_key] * len(content)
        try:
            in_vain = self._shards.map.misplaced(shard, content.keys, content.hash_keys or fixed)
        except UnknownShardError:
            in_vain = True
        if in_vain:
            log.info("the stream was resharded, its shards are listed again", code=shard)
            self._shards.refresh()
        return in_vain
