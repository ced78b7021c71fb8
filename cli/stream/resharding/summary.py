"""What a resharding amounts to. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.stream.resharding.operations import Merge, Operation, Split, Update
from cli.stream.resharding.shard_map import ShardMap


@dataclass(frozen=True)
class Summary:
    """Counts of a plan, under the names that its JSON has."""

    splits: int
    merges: int
    updates: int
    shards_before: int
    shards_after: int
    peak_open_shards: int
    """Between the operations; while UpdateShardCount runs, Kinesis may have more open for a while, and does not say how
    many."""
    min_open_shards: int
    widest_to_narrowest: float
    """Of the map that the plan ends with."""


def summarize(now: ShardMap, operations: Sequence[Operation], wanted: ShardMap) -> Summary:
    """The counts of ``operations``, which lead from one map to another."""
    counts = list(_counts(now.count, operations))
    return Summary(
        splits=sum(isinstance(operation, Split) for operation in operations),
        merges=sum(isinstance(operation, Merge) for operation in operations),
        updates=sum(isinstance(operation, Update) for operation in operations),
        shards_before=now.count,
        shards_after=counts[-1],
        peak_open_shards=max(counts),
        min_open_shards=min(counts),
        widest_to_narrowest=wanted.widest_to_narrowest,
    )


def _counts(count: int, operations: Iterable[Operation]) -> Iterable[int]:
    """Open shards before the first operation and after each."""
    yield count
    for operation in operations:
        match operation:
            case Split():
                count += 1
            case Merge():
                count -= 1
            case Update(target):
                count = target
        yield count
