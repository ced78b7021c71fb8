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
from connector.packing import Part

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
        """Bytes of data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Part the records of a lane by the shard that takes them."""
        del lane
        found = self._map.shards_of(incoming.keys, self._hash_keys(incoming))
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

    def fitting(self, parts: Iterable[Part], most: int) -> list[int]:
        """Count how many of the first records of each part go into one aggregate; the first one always does."""
        size: AggregateSize | None = None
        counts, left = list[int](), most
        for _, records, _ in parts:
            if size is None:
                size = AggregateSize(self._size - len(records.keys[0]))
            allowed = records if len(records) <= left else records.split(left)[0]
            count = size.take(allowed.keys, allowed.data, self._hash_keys(allowed))
            if count == 0:
                break
            counts.append(count)
            left -= count
            if count < len(records) or left == 0:
                break
        return counts

    def pack(self, content: Records) -> Records:
        """Make the one record, under the first one's key."""
        # The aggregate names the hash key that all have, too: readers would take that of the partition key else.
        data = aggregate(content.keys, content.data, self._hash_keys(content))
        key = content.keys[0]
        hash_keys = content.hash_keys[:1] if content.hash_keys is not None else None
        return Records([key], [data], content.offsets[:1], len(data) + len(key), hash_keys)

    def is_in_vain(self, content: Records, placements: Placements | None, judged: int) -> bool | None:
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
        shard = placements.shards[0].decode()
        try:
            in_vain = self._shards.map.misplaced(shard, content.keys, self._hash_keys(content))
        except UnknownShardError:
            if judged >= _LISTS:
                log.warning("no list shows the shard that took an aggregate, it is sent again", shard=shard)
                return True
            log.info("the stream was resharded, its shards are listed again", code=shard)
            self._shards.refresh()
            return None
        if in_vain and self._map is self._shards.map:
            self._shards.refresh()
        return in_vain

    def _hash_keys(self, content: Records) -> list[str] | None:
        """Return the explicit hash key of each record, if they have any."""
        if self._hash_key is None:
            return content.hash_keys
        return [self._hash_key] * len(content)
