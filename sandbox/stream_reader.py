"""Reading a Kinesis stream to its end, each parent shard before its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sandbox.records import Record

RECORDS_A_CALL = 10_000
"""The most that GetRecords answers."""


def read_stream(
    kinesis: Any,  # noqa: ANN401 - boto3 clients are made at run time
    stream: str,
    *,
    since: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Record]:
    """Read every record that arrived at or after ``since``, shard by shard, until no shard has more.

    The partition key is the record's key: the demonstrations send keys that Kinesis takes as they are.

    Args:
        kinesis: a boto3 client.
        stream: the physical name.
        since: by the service's clock (ApproximateArrivalTimestamp).
        progress: told how many records have been read so far.
    """
    read = 0
    for shard in parents_first(list_shards(kinesis, stream)):
        answer = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
        )
        iterator = answer["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator, Limit=RECORDS_A_CALL)
            yield from (Record(record["PartitionKey"].encode(), record["Data"]) for record in page["Records"])
            read += len(page["Records"])
            progress(read)
            # A closed shard ends its chain of iterators; an open one is read when nothing is behind any more.
            at_the_end = not page["Records"] and not page["MillisBehindLatest"]
            iterator = None if at_the_end else page.get("NextShardIterator")


def list_shards(kinesis: Any, stream: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """All shards of the stream, open and closed; from the second page on the token alone may name the stream."""
    page = kinesis.list_shards(StreamName=stream)
    shards: list[dict[str, Any]] = page["Shards"]
    while page.get("NextToken"):
        page = kinesis.list_shards(NextToken=page["NextToken"])
        shards += page["Shards"]
    return shards


def parents_first(shards: Sequence[dict[str, Any]]) -> list[str]:
    """The shards' ids in an order in which every parent that still exists stands before its children."""
    parents = {
        shard["ShardId"]: [parent for name in ("ParentShardId", "AdjacentParentShardId") if (parent := shard.get(name))]
        for shard in shards
    }
    ordered: dict[str, None] = {}

    def visit(shard: str) -> None:
        if shard in parents and shard not in ordered:
            for parent in parents[shard]:
                visit(parent)
            ordered[shard] = None

    for shard in sorted(parents):
        visit(shard)
    return list(ordered)
