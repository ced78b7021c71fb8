"""What a lower retention would delete, and who has not read it yet. No I/O.

Where segments begin is known to the brokers alone, so these are estimates. By age they are an upper bound: Kafka
deletes whole segments from the start whose largest timestamp is older than ``retention.ms``, so nothing from the first
record on that is younger. By size it never goes below ``retention.bytes``; how many records that is, is reckoned as if
all were of one size. Of both up to one segment stays for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cli.topic.retention.limits import Limits

NOWHERE: Mapping[str, Mapping[int, int]] = MappingProxyType({})


@dataclass(frozen=True)
class PartitionState:
    """What there is in one partition."""

    index: int
    begin: int
    """The first offset that is still there."""
    end: int
    """The offset that the next record will have."""
    size: int | None = None
    """Bytes of the leader's copy; None where the brokers do not tell."""
    oldest: int | None = None
    """Timestamp of the first record, in ms since 1970; None where there is no record, or none with a timestamp."""
    newest: int | None = None
    """The largest timestamp of all records."""

    @property
    def records(self) -> int:
        """Records by offsets; markers of transactions and what compaction has removed count too."""
        return self.end - self.begin


@dataclass(frozen=True)
class Loss:
    """What would go from one partition, at most."""

    partition: int
    begin: int
    keep_from: int
    """The first offset that certainly stays."""
    bytes: int | None
    """An estimate, as if all records were of one size; None where the size is not known."""
    oldest: int | None
    """Timestamp of the oldest record that would go, in ms since 1970."""

    @property
    def records(self) -> int:
        """Records by offsets."""
        return self.keep_from - self.begin

    def as_json(self) -> dict[str, int | None]:
        """The entry in a JSON answer."""
        return {
            "partition": self.partition,
            "begin": self.begin,
            "keep_from": self.keep_from,
            "records": self.records,
            "bytes": self.bytes,
            "oldest_timestamp": self.oldest,
        }


@dataclass(frozen=True)
class GroupLoss:
    """What one consumer group would lose without having read it."""

    group: str
    unread: Mapping[int, int] = field(default_factory=dict)
    """Records by partition."""

    @property
    def records(self) -> int:
        """Of all partitions."""
        return sum(self.unread.values())

    def as_json(self) -> dict[str, object]:
        """The entry in a JSON answer; the partitions are text, as keys are in JSON."""
        return {
            "group": self.group,
            "records": self.records,
            "partitions": {str(index): count for index, count in sorted(self.unread.items())},
        }


def losses(partitions: Iterable[PartitionState], limits: Limits, first_younger: Mapping[int, int | None]) -> list[Loss]:
    """What goes from each partition from which something goes.

    Args:
        partitions: what there is.
        limits: what shall be kept.
        first_younger: by partition, the first offset whose record is younger than ``limits.milliseconds``; None where
            no record is. Only looked at where there is a limit by age.
    """
    kept = limits.effective
    found: list[Loss] = []
    for state in partitions:
        keep_from = state.begin
        if kept.milliseconds >= 0:
            younger = first_younger.get(state.index)
            keep_from = max(keep_from, state.end if younger is None else younger)
        if kept.size >= 0:
            keep_from = max(keep_from, _beyond_size(state, kept.size))
        if keep_from > state.begin:
            found.append(
                Loss(state.index, state.begin, keep_from, _share(state, keep_from - state.begin), state.oldest)
            )
    return found


def unread(
    found: Sequence[Loss],
    committed: Mapping[str, Mapping[int, int]],
    beginnings: Mapping[str, Mapping[int, int]] = NOWHERE,
) -> list[GroupLoss]:
    """The groups that have not read what goes, those with most records first.

    Args:
        found: what goes.
        committed: by group and partition, the next offset that the group will read.
        beginnings: by group and partition, where a group begins that has committed nothing there. Of all others that is
            not known, and such a partition does not count.
    """
    groups: list[GroupLoss] = []
    for group in {*committed, *beginnings}:
        positions = {**beginnings.get(group, {}), **committed.get(group, {})}
        missed: dict[int, int] = {}
        for loss in found:
            position = positions.get(loss.partition, loss.keep_from)
            count = loss.keep_from - max(position, loss.begin)
            if count > 0:
                missed[loss.partition] = count
        if missed:
            groups.append(GroupLoss(group, missed))
    return sorted(groups, key=lambda each: (-each.records, each.group))


def uncommitted(
    found: Sequence[Loss],
    committed: Mapping[str, Mapping[int, int]],
    beginnings: Mapping[str, Mapping[int, int]] = NOWHERE,
) -> dict[str, list[int]]:
    """The partitions that lose something and in which a group has committed nothing: there ``unread`` cannot tell."""
    partitions = [loss.partition for loss in found]
    gaps = {
        group: [index for index in partitions if index not in positions]
        for group, positions in sorted(committed.items())
        if group not in beginnings
    }
    return {group: missing for group, missing in gaps.items() if missing}


def _beyond_size(state: PartitionState, limit: int) -> int:
    """The first offset that certainly stays, by size; where no size is known, nothing certainly does."""
    if state.size is None:
        return state.end
    if state.size <= limit or not state.records:
        return state.begin
    return state.begin + -(-state.records * (state.size - limit) // state.size)


def _share(state: PartitionState, records: int) -> int | None:
    if state.size is None or not state.records:
        return None
    return -(-state.size * records // state.records)
