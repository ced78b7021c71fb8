"""Many records in one Kinesis record, as the Kinesis Producer Library packs them: by the shard that is to take them."""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final

from connector.batch import Records, records
from connector.feed import Lane
from connector.kinesis.aggregation import FRAME_SIZE, HASH_KEY_COST, RECORD_COST, aggregate
from connector.kinesis.shard_map import ShardMap, UnknownShardError
from connector.kinesis.shards import Shards
from connector.log import RateLimited
from connector.outcome import Placements
from connector.packing import Part, counts_that_fit

# So many lists in a row must not show a shard before it counts as gone: a list may be late.
_LISTS: Final = 10
# Of an aggregate's limit so much is left to what its records cost beside their data.
_WORTH: Final = 0.9

log = RateLimited(__name__)


class KplPacking:
    """Packs by predicted shard, and finds out whether the shard that took an aggregate was the right one.

    Readers drop an aggregate whole when one of its hash keys lies outside the shard's range. That happens when the
    stream was resharded, or made anew, since the shards were listed: they are listed again, and nothing is packed until
    then.
    """

    def __init__(self, shards: Shards, size: int, hash_key: str | None = None) -> None:
        """Prepare to pack.

        Args:
            shards: Those of the stream.
            size: Bytes of an aggregate at most, with the key that it is sent under.
            hash_key: The explicit hash key of all records, if there is one.
        """
        self._shards = shards
        self._map = shards.map
        self._size = size
        self._hash_key = hash_key
        self.worth = int(size * _WORTH)
        """Bytes of keys and data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Part the records of a lane by the shard that takes them."""
        del lane
        known = self._map
        found = known.shards_of(incoming.keys, self._hash_keys(incoming))
        if found.count(found[0]) == len(found):
            return (((known, found[0]), incoming),)
        order = sorted(range(len(found)), key=found.__getitem__)
        return _cut(known, sorted(found), incoming.select(order))

    def is_settled(self) -> bool:
        """Tell whether the map is the latest that can be had."""
        return not self._shards.is_asking

    def has_moved(self) -> bool:
        """Tell, once, that there is a new map."""
        if self._map is self._shards.map:
            return False
        self._map = self._shards.map
        return True

    def fitting(self, parts: Iterable[Part], most: int) -> list[int]:
        """Count how many of the first records of each part go into one aggregate; the first one always does."""
        room = 0
        for part in parts:
            room = self._size - FRAME_SIZE - len(part.records.keys[0])
            break
        return counts_that_fit(parts, room, most, self._weight, self._weights)

    def pack(self, content: Records) -> Records:
        """Make the one record, under the first one's key."""
        # The aggregate names the hash key that all have, too: readers would take that of the partition key else.
        data = aggregate(content.keys, content.data, self._hash_keys(content))
        key = content.keys[0]
        hash_keys = content.hash_keys[:1] if content.hash_keys is not None else None
        return Records([key], [data], content.offsets[:1], len(data) + len(key), hash_keys)

    def is_in_vain(self, name: Hashable, content: Records, placements: Placements | None, judged: int) -> bool | None:
        """Tell whether readers drop the aggregate, because of the shard that took it.

        None while that shard was never listed, since it came by a reshard, or while it may be one of another stream
        than the one that was listed: the shards are being asked for. One that no list shows, although a stream lists
        its closed shards too, is of a stream that was deleted.
        """
        if placements is None or not placements.shards[0]:
            return False
        is_sure = judged > 0 or self._shards.is_sure()
        if len(content) == 1:
            return False
        if not is_sure:
            self._shards.ascertain()
            return None
        shard, known = placements.shards[0].decode(), self._shards.map
        try:
            # For the shard that it was packed for no key needs to be looked up.
            in_vain = name != (known, known.index(shard)) and known.misplaced(
                shard, content.keys, self._hash_keys(content)
            )
        except UnknownShardError:
            if judged >= _LISTS:
                log.warning("no list shows the shard that took an aggregate, it is sent again", shard=shard)
                return True
            log.info("the stream was resharded, its shards are listed again", code=shard)
            self._shards.refresh()
            return None
        if in_vain and self._map is known:
            self._shards.refresh()
        return in_vain

    def _weight(self, content: Records) -> int:
        return content.size + self._cost(content) * len(content)

    def _weights(self, content: Records) -> Iterable[int]:
        cost = self._cost(content)
        return [cost + key + data for key, data in zip(map(len, content.keys), map(len, content.data), strict=True)]

    def _cost(self, content: Records) -> int:
        """Bytes that each record takes at most beside its key and data. Equal keys are written once in truth."""
        named = self._hash_key is not None or content.hash_keys is not None
        return RECORD_COST + HASH_KEY_COST if named else RECORD_COST

    def _hash_keys(self, content: Records) -> list[str] | None:
        """Return the explicit hash key of each record, if they have any."""
        if self._hash_key is None:
            return content.hash_keys
        return [self._hash_key] * len(content)


def _cut(known: ShardMap, shards: Sequence[int], content: Records) -> Iterator[tuple[Hashable, Records]]:
    """Part records that are sorted by the index of their shard, which `shards` gives for each."""
    keys, data, offsets, hash_keys = content.keys, content.data, content.offsets, content.hash_keys
    start = 0
    while start < len(shards):
        shard = shards[start]
        end = bisect_right(shards, shard, start)
        part = slice(start, end)
        yield (known, shard), records(keys[part], data[part], offsets[part], hash_keys[part] if hash_keys else None)
        start = end
