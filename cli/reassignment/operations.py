"""A reassignment as operations of a plan. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cli.plan import Operation, Risk
from cli.reassignment.planner import Move, batches
from cli.reassignment.throttle import format_rate

FINISH = "finish-reassignment"
THROTTLE = "set-throttle"
MOVE = "reassign-partitions"
CLEAR = "clear-throttle"


def move_operations(
    moves: Sequence[Move], short_names: Mapping[str, str], *, batch: int, reason: str
) -> Iterator[Operation]:
    """Moves in batches, each of one topic."""
    for topic in dict.fromkeys(move.topic for move in moves):
        for some in batches([move for move in moves if move.topic == topic], batch):
            yield Operation(MOVE, f"topic/{short_names[topic]}", _risk(some), reason, _details(topic, some))


def finish_operations(moves: Sequence[Move], short_names: Mapping[str, str]) -> Iterator[Operation]:
    """Waiting for what is under way."""
    for topic in dict.fromkeys(move.topic for move in moves):
        some = [move for move in moves if move.topic == topic]
        reason = "under way already, from an earlier run or from elsewhere"
        yield Operation(FINISH, f"topic/{short_names[topic]}", Risk.MILD, reason, _details(topic, some))


def throttle_operation(resource: str, brokers: Collection[int], rate: int) -> Operation:
    """Limiting what is copied."""
    details = {"throttle": format_rate(rate), "brokers": _listed(sorted(brokers))}
    return Operation(THROTTLE, resource, Risk.MILD, "clients shall not notice", details)


def clear_operation(resource: str, topics: Collection[str], brokers: Collection[int], reason: str) -> Operation:
    """Taking limits away."""
    details = {"topics": ",".join(sorted(topics)), **({"brokers": _listed(sorted(brokers))} if brokers else {})}
    return Operation(CLEAR, resource, Risk.MILD, reason, details)


def brokers_of(operation: Operation) -> list[int]:
    """The brokers whose rates an operation sets or takes away."""
    return list(_replicas(operation.details["brokers"])) if "brokers" in operation.details else []


def topics_of(operation: Operation) -> list[str]:
    """The topics whose replicas an operation frees."""
    return str(operation.details["topics"]).split(",")


def moves_of(operation: Operation) -> list[Move]:
    """What an operation moves; the inverse of how it was made."""
    details = operation.details
    return [
        Move(details["name"], int(partition), *map(_replicas, text.split("→")))
        for partition, text in details["replicas"].items()
    ]


def _details(topic: str, moves: Sequence[Move]) -> dict[str, object]:
    return {
        "name": topic,
        "replicas": {str(move.partition): f"{_listed(move.before)}→{_listed(move.after)}" for move in moves},
    }


def _risk(moves: Sequence[Move]) -> Risk:
    """A partition that is left with one copy is lost with the broker that has it."""
    alone = any(len(move.after) == 1 < len(move.before) for move in moves)
    return Risk.SEVERE if alone else Risk.MODERATE


def _listed(replicas: Sequence[int]) -> str:
    return ",".join(map(str, replicas))


def _replicas(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))
