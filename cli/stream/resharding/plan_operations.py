"""Operations on shards as the operations of a plan: hash keys as decimal strings, which JSON keeps whole."""

from __future__ import annotations

from typing import Any

from cli import plan
from cli.plan import Risk
from cli.stream.resharding.operations import Merge, Operation, Split, Update
from cli.stream.resharding.shard_map import HashKeys

SPLIT, MERGE, UPDATE = "split-shard", "merge-shards", "update-shard-count"


def to_plan(operation: Operation, name: str, reason: str, *, fewer: bool = False) -> plan.Operation:
    """The operation as a plan shows it.

    A merge halves what its range of hash keys takes, so it can disturb those who write; a split disturbs nobody.

    Args:
        operation: what to do.
        name: of the stream in the YAML.
        reason: why.
        fewer: whether an update leaves fewer shards than there were.
    """
    details: dict[str, Any]
    match operation:
        case Split(start, end, at):
            kind, risk, details = SPLIT, Risk.MILD, {"range": _told((start, end)), "at": str(at)}
        case Merge(left, right):
            kind, risk, details = MERGE, Risk.MODERATE, {"left": _told(left), "right": _told(right)}
        case Update(target):
            kind, risk, details = UPDATE, Risk.MODERATE if fewer else Risk.MILD, {"target": target}
    return plan.Operation(kind, f"stream/{name}", risk, reason, details)


def from_plan(operation: plan.Operation) -> Operation:
    """The inverse of ``to_plan``."""
    details = operation.details
    if operation.kind == UPDATE:
        return Update(details["target"])
    if operation.kind == SPLIT:
        start, end = _read(details["range"])
        return Split(start, end, int(details["at"]))
    return Merge(_read(details["left"]), _read(details["right"]))


def _told(hash_keys: HashKeys) -> list[str]:
    return [str(hash_key) for hash_key in hash_keys]


def _read(told: list[str]) -> HashKeys:
    start, end = map(int, told)
    return start, end
