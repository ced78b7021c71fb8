"""Kinesis streams: where a record goes, how a stream is resharded, and the stream of a template.

What moto gets wrong here and AWS does:

* A record whose hash key is the last of a range finds no shard, and a closed shard still takes records.
* UpdateShardCount doubles and merges at random; AWS ends with ranges of equal size, reached by splits
  and merges, so that every new shard has its parents.
* A stream of a template ends unencrypted, provisioned and with one shard whatever the template says;
  an update ignores all properties but three.
* DescribeStream does not tell the mode, DescribeStreamSummary tells a stale count of open shards, and
  ListShards knows no filter.
"""

from __future__ import annotations

import itertools
import threading
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any

from moto.core.responses import ActionResult
from moto.kinesis import models
from moto.kinesis.exceptions import InvalidArgumentError, StreamCannotBeUpdatedError
from moto.kinesis.responses import KinesisResponse as Api

from sandbox.aws.kinesis_settings import BY_KEY, SMALLEST_RECORD_LIMIT_KIB, warm_throughput
from sandbox.aws.mending import Mends
from sandbox.aws.shard import Shard

KEY_SPACE = 2**128
MAX_PARTITION_KEY = 256
LISTED_SHARDS = 1_000

mends = Mends()
mends.value(models, "Shard", Shard)


@mends.method(models.Stream)
def init_shards(self: models.Stream, shard_count: int) -> None:
    """Cut the key space into equal ranges and make room for our own bookkeeping."""
    self.shard_count = shard_count
    own: Any = self  # moto's object carries it
    own.lock = threading.RLock()
    own.turns = itertools.count()
    own.max_record_size_kib, own.warm_throughput, own.distribution = SMALLEST_RECORD_LIMIT_KIB, None, BY_KEY
    self.add_shards(even_ranges(shard_count))  # type: ignore[attr-defined]


@mends.method(models.Stream)
def add_shards(
    self: Any, ranges: list[tuple[int, int]], parent: str | None = None, adjacent: str | None = None
) -> list[Shard]:
    """Open shards over the given hash key ranges (both ends included), as children of the named ones."""
    first = len(self.shards)
    opened = [Shard(first + index, start, end, parent, adjacent) for index, (start, end) in enumerate(ranges)]
    self.shards.update({shard.shard_id: shard for shard in opened})
    still_open = sorted((s for s in self.shards.values() if s.is_open), key=lambda s: s.starting_hash)
    self.routing = ([shard.starting_hash for shard in still_open], still_open)
    self.shard_count = len(still_open)
    return opened


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The key space in `count` ranges of equal size, the last one taking what is left over."""
    step = KEY_SPACE // count
    starts = [index * step for index in range(count)]
    return list(zip(starts, [start - 1 for start in starts[1:]] + [KEY_SPACE - 1], strict=True))


def hash_key(partition_key: str) -> int:
    """The place of a partition key in the key space: its MD5 read as a number, as the API documents."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest())


@mends.method(models.Stream)
def get_shard_for_key(self: Any, partition_key: str, explicit_hash_key: str | None) -> Shard:
    """Return the one open shard whose range holds the record's hash key."""
    if not isinstance(partition_key, str) or not 1 <= len(partition_key) <= MAX_PARTITION_KEY:
        text = f"PartitionKey must have 1 to {MAX_PARTITION_KEY} characters"
        raise InvalidArgumentError(text)
    if explicit_hash_key is None or explicit_hash_key == "":
        place = hash_key(partition_key)
    elif str(explicit_hash_key).isdecimal() and int(explicit_hash_key) < KEY_SPACE:
        place = int(explicit_hash_key)
    else:
        text = (
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit_hash_key}"
        )
        raise InvalidArgumentError(text)
    starts, shards = self.routing
    found: Shard = shards[bisect_right(starts, place) - 1]
    return found


@mends.method(models.Stream)
def put_record(self: Any, partition_key: str, explicit_hash_key: str | None, data: str) -> tuple[str, str]:
    """Store one record whose data comes in Base64: the way in for moto's other services."""
    with self.lock:
        shard = self.get_shard_for_key(partition_key, explicit_hash_key)
        sequence_number = shard.append(partition_key, b64decode(data))
    return str(sequence_number), shard.shard_id


@mends.method(models.Stream)
def split_shard(self: Any, shard_to_split: str, new_starting_hash_key: str) -> None:
    """Close a shard and open two children; its records stay where they are."""
    at = int(new_starting_hash_key)
    with self.lock:
        shard = self.shards[shard_to_split]
        refuse_closed(self, shard)
        if not shard.starting_hash < at <= shard.ending_hash:
            text = (
                f"NewStartingHashKey {at} used in SplitShard() on shard {shard_to_split} in stream {self.stream_name} "
                f"under account {self.account_id} is not both greater than one plus the shard's StartingHashKey "
                f"{shard.starting_hash} and less than the shard's EndingHashKey {shard.ending_hash - 1}."
            )
            raise InvalidArgumentError(text)
        shard.is_open = False
        self.add_shards(
            [(shard.starting_hash, at - 1), (at, shard.ending_hash)],
            parent=shard.shard_id,
        )


@mends.method(models.Stream)
def merge_shards(self: Any, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
    """Close two neighbours and open one child over both ranges; the records stay where they are."""
    with self.lock:
        one, other = self.shards[shard_to_merge], self.shards[adjacent_shard_to_merge]
        refuse_closed(self, one)
        refuse_closed(self, other)
        low, high = sorted((one, other), key=lambda shard: shard.starting_hash)
        if low.ending_hash + 1 != high.starting_hash:
            text = (
                f"Shards {shard_to_merge} and {adjacent_shard_to_merge} in stream {self.stream_name} under account "
                f"{self.account_id} are not an adjacent pair of shards eligible for merging"
            )
            raise InvalidArgumentError(text)
        one.is_open = other.is_open = False
        self.add_shards(
            [(low.starting_hash, high.ending_hash)],
            parent=one.shard_id,
            adjacent=other.shard_id,
        )


def refuse_closed(stream: models.Stream, shard: Shard) -> None:
    """Raise AWS's complaint about a shard that was split or merged before."""
    if not shard.is_open:
        text = (
            f"Shard {shard.shard_id} in stream {stream.stream_name} under account {stream.account_id} has already been "
            "merged or split, and thus is not eligible for merging or splitting."
        )
        raise InvalidArgumentError(text)


@mends.method(models.Stream)
def update_shard_count(self: Any, target_shard_count: int) -> None:
    """Reach `target_shard_count` even ranges: split wherever a new boundary falls, then merge the pieces."""
    if self.stream_mode["StreamMode"] == "ON_DEMAND":
        raise StreamCannotBeUpdatedError(stream_name=self.stream_name, account_id=self.account_id)
    if target_shard_count < 1:
        text = "TargetShardCount must be at least 1"
        raise InvalidArgumentError(text)
    with self.lock:
        if target_shard_count == len(self.routing[1]):
            return
        ranges = even_ranges(target_shard_count)
        for boundary, _ in ranges[1:]:
            holder = self.get_shard_for_key("-", str(boundary))
            if holder.starting_hash != boundary:
                self.split_shard(holder.shard_id, str(boundary))
        for start, end in ranges:
            piece = self.get_shard_for_key("-", str(start))
            while piece.ending_hash < end:
                neighbour = self.get_shard_for_key("-", str(piece.ending_hash + 1))
                self.merge_shards(piece.shard_id, neighbour.shard_id)
                piece = self.get_shard_for_key("-", str(start))


_to_json = models.Stream.to_json
_to_json_summary = models.Stream.to_json_summary


@mends.method(models.Stream)
def to_json(self: Any, shard_limit: int | None = None) -> dict[str, Any]:
    """DescribeStream, with the mode."""
    answer: dict[str, Any] = _to_json(self, shard_limit)
    answer["StreamDescription"]["StreamModeDetails"] = self.stream_mode
    return answer


@mends.method(models.Stream)
def to_json_summary(self: Any) -> dict[str, Any]:
    """DescribeStreamSummary, with the shards that are open now and the consumers."""
    answer: dict[str, Any] = _to_json_summary(self)
    summary = answer["StreamDescriptionSummary"]
    summary["OpenShardCount"] = len(self.routing[1])
    summary["ConsumerCount"] = len(self.consumers)
    summary["MaxRecordSizeInKiB"] = self.max_record_size_kib
    if self.stream_mode["StreamMode"] == "ON_DEMAND":
        summary["RecordDistributionStrategy"] = self.distribution
    if self.warm_throughput is not None:
        summary["WarmThroughput"] = warm_throughput(self)
    return answer


@mends.method(Api)
def list_shards(self: Api) -> ActionResult:
    """ListShards, with its filters as far as shards that have not expired differ by them."""
    stream_name, after = self._get_param("StreamName"), self._get_param("ExclusiveStartShardId") or ""
    chosen = self._get_param("ShardFilter") or {}
    token = self._get_param("NextToken")
    if token:
        for named in ("StreamARN", "StreamName"):
            if self._get_param(named):
                text = f"NextToken and {named} cannot be provided together."
                raise InvalidArgumentError(text)
        stream_name, chosen["Type"], since, after = token.split("/")
        chosen["Timestamp"] = float(since)
    stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), stream_name)
    if chosen.get("Type") == "AFTER_SHARD_ID" and not token:
        after = max(after, chosen["ShardId"])
    shards = sorted(stream.shards.values(), key=lambda shard: shard.shard_id)
    found = [shard for shard in shards if shard.shard_id > after and _fits(shard, shards, chosen)]
    limit = self._get_param("MaxResults") or LISTED_SHARDS
    answer: dict[str, Any] = {"Shards": [shard.to_json() for shard in found[:limit]]}
    if len(found) > limit:
        place = (chosen.get("Type", ""), _seconds(chosen.get("Timestamp", 0)), found[limit - 1].shard_id)
        answer["NextToken"] = "/".join(map(str, (stream.stream_name, *place)))
    return ActionResult(answer)


def _fits(shard: Any, shards: Sequence[Any], chosen: Mapping[str, Any]) -> bool:
    """Whether a filter takes a shard; a closed one closed when its first child opened."""
    kind, since = chosen.get("Type"), chosen.get("Timestamp")
    if kind == "AT_TIMESTAMP" and shard.opened > _seconds(since):
        return False
    if shard.is_open or kind not in ("AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP"):
        return True
    children = [each.opened for each in shards if shard.shard_id in (each.parent, each.adjacent_parent)]
    return kind != "AT_LATEST" and bool(min(children) >= _seconds(since))


def _seconds(timestamp: Any) -> float:
    """Unix seconds of a time as it came in."""
    return float(timestamp.timestamp() if hasattr(timestamp, "timestamp") else timestamp)
