"""The limits of resharding: one change of a stream at a time, and only so much of it in an account and in a day.

moto changes a stream at once and as often as anybody likes. AWS leaves it UPDATING for a while, and refuses meanwhile
every other change (ResourceInUseException); UpdateShardCount neither more than doubles nor more than halves a stream
and works ten times in 24 hours; the open shards of an account have a limit; nobody reshards an on-demand stream:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html

Here a change takes no time either, unless the stream has the tag `sandbox:updating-seconds`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesis.exceptions import InvalidArgumentError, ResourceInUseError, StreamCannotBeUpdatedError
from moto.kinesis.models import KinesisBackend, Stream

from sandbox.aws import cloudtrail
from sandbox.aws.mending import Mends

UPDATING_SECONDS = "sandbox:updating-seconds"
"""The tag of a stream that tells how long it is UPDATING after each change."""
SHARD_LIMITS = {"eu-west-1": 20_000, "us-east-1": 20_000, "us-west-2": 20_000}
OTHER_SHARD_LIMIT = 6_000
MOST_SHARDS_OF_A_STREAM = 10_000
UPDATES_A_DAY = 10
DAY_SECONDS = 24 * 60 * 60

mends = Mends()
_split, _merge = KinesisBackend.split_shard, KinesisBackend.merge_shards
_update = KinesisBackend.update_shard_count


def _status(self: Any) -> str:
    status: str = vars(self).get("status", "ACTIVE")
    return "UPDATING" if status == "ACTIVE" and time.monotonic() < vars(self).get("updating_until", 0) else status


def _set_status(self: Any, status: str) -> None:
    vars(self)["status"] = status


mends.value(Stream, "status", property(_status, _set_status))


def begin_update(stream: Any) -> None:
    """Leave a stream UPDATING for as long as its tag says."""
    stream.updating_until = time.monotonic() + float(stream.tags.get(UPDATING_SECONDS, 0))


@mends.method(KinesisBackend)
def split_shard(self: Any, stream_arn: str, stream_name: str, shard_to_split: str, new_starting_hash_key: str) -> None:
    """SplitShard."""
    with _changing(self, stream_arn, stream_name, more=1):
        _split(self, stream_arn, stream_name, shard_to_split, new_starting_hash_key)


@mends.method(KinesisBackend)
def merge_shards(
    self: Any, stream_arn: str, stream_name: str, shard_to_merge: str, adjacent_shard_to_merge: str
) -> None:
    """MergeShards."""
    with _changing(self, stream_arn, stream_name):
        _merge(self, stream_arn, stream_name, shard_to_merge, adjacent_shard_to_merge)


@mends.method(KinesisBackend)
def update_shard_count(self: Any, stream_arn: str, stream_name: str, target_shard_count: int) -> int:
    """UpdateShardCount."""
    stream = self.describe_stream(stream_arn, stream_name)
    before: int = len(stream.routing[1])
    with _changing(self, stream_arn, stream_name, more=max(0, target_shard_count - before)):
        _refuse_step(before, target_shard_count)
        since = time.time() - DAY_SECONDS
        stream.updates = [at for at in getattr(stream, "updates", ()) if at > since]
        if len(stream.updates) >= UPDATES_A_DAY:
            text = (
                f"Stream {stream.stream_name} under account {stream.account_id} was scaled {UPDATES_A_DAY} times in "
                "the last 24 hours, which is the limit."
            )
            raise JsonRESTError("LimitExceededException", text)
        _update(self, stream_arn, stream_name, target_shard_count)
        stream.updates.append(time.time())
    cloudtrail.record(self, "UpdateShardCount", stream.stream_name, datetime.now(UTC))
    return before


@mends.method(KinesisBackend)
def describe_limits(self: Any) -> dict[str, int]:
    """DescribeLimits, with what there is."""
    on_demand = [stream for stream in self.streams.values() if _on_demand(stream)]
    return {
        "ShardLimit": shard_limit(self.region_name),
        "OpenShardCount": _open_shards(self),
        "OnDemandStreamCount": len(on_demand),
        "OnDemandStreamCountLimit": 50,
    }


def shard_limit(region: str) -> int:
    """Open shards that an account may have in a region by default."""
    return SHARD_LIMITS.get(region, OTHER_SHARD_LIMIT)


@contextmanager
def _changing(backend: Any, arn: str | None, name: str | None, *, more: int = 0) -> Iterator[None]:
    """Refuse what cannot begin now, and leave the stream UPDATING behind what could."""
    stream = backend.describe_stream(arn, name)
    if _on_demand(stream):
        raise StreamCannotBeUpdatedError(stream_name=stream.stream_name, account_id=stream.account_id)
    with stream.lock:
        if stream.status != "ACTIVE":
            text = f"Stream {stream.stream_name} under account {stream.account_id} not ACTIVE, instead in state "
            raise ResourceInUseError(text + stream.status)
        limit, there = shard_limit(backend.region_name), _open_shards(backend)
        if more and there + more > limit:
            text = (
                f"This request would exceed the shard limit for the account {stream.account_id} in "
                f"{backend.region_name}. Current shard count for the account: {there}. Limit: {limit}. Number of "
                f"additional shards that would have resulted from this request: {more}."
            )
            raise JsonRESTError("LimitExceededException", text)
        yield
        begin_update(stream)


def _refuse_step(before: int, target: int) -> None:
    if target < 1:
        text = "TargetShardCount must be at least 1"
        raise InvalidArgumentError(text)
    problem = (
        f"above the {MOST_SHARDS_OF_A_STREAM} shards of a stream"
        if target > MOST_SHARDS_OF_A_STREAM
        else "more than double the open shard count"
        if target > 2 * before
        else "below half the open shard count"
        if 2 * target < before
        else ""
    )
    if problem:
        text = f"UpdateShardCount cannot scale to {problem}. Open shards: {before}, target: {target}"
        raise JsonRESTError("LimitExceededException", text)


def _on_demand(stream: Any) -> bool:
    return bool(stream.stream_mode["StreamMode"] == "ON_DEMAND")


def _open_shards(backend: Any) -> int:
    """Open shards of provisioned streams: those of the others are not the account's to count."""
    return sum(len(stream.routing[1]) for stream in backend.streams.values() if not _on_demand(stream))
