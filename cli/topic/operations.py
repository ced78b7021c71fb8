"""The operations on topics that Kafka does at once: how they are planned, done, and seen to be done.

Many of one kind go in one request. Reassignments, which take their time, stand in ``cli.reassignment``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from cli import interruption
from cli.cluster import Cluster, LiveTopic, NewTopic
from cli.errors import CliError
from cli.plan import Operation, Risk
from cli.topic.drift import drift_of
from cli.topic.settings import canonical

CREATE, ALTER, GROW, DELETE = "create-topic", "alter-settings", "add-partitions", "delete-topic"

AT_ONCE = 50
"""Operations in one request at most: so long Ctrl-C waits."""
SETTLE_SECONDS = 10.0
"""How long all brokers may take to know what the controller has done already."""

Change = tuple[str | None, str | None]
"""The value of a setting before, and after; None where it is inherited."""


def create(name: str, new: NewTopic) -> Operation:
    """Make a topic; ``name`` is its short name."""
    return Operation(
        kind=CREATE,
        resource=f"topic/{name}",
        risk=Risk.MILD,
        reason="declared, and not on the cluster",
        details={
            "name": new.name,
            "partitions": new.partitions,
            "replication": new.replication,
            "config": dict(new.config),
        },
    )


def alter(name: str, topic: str, changes: Mapping[str, Change], risk: Risk, reason: str) -> Operation:
    """Set settings of a topic, or unset those whose new value is None."""
    return Operation(
        kind=ALTER,
        resource=f"topic/{name}",
        risk=risk,
        reason=reason,
        details={
            "name": topic,
            "settings": {key: {"from": before, "to": after} for key, (before, after) in changes.items()},
            "drift": drift_of(risk).value,
        },
    )


def grow(name: str, topic: str, before: int, after: int, risk: Risk, reason: str) -> Operation:
    """Give a topic more partitions."""
    details = {"name": topic, "from": before, "to": after, "drift": drift_of(risk).value}
    return Operation(GROW, f"topic/{name}", risk, reason, details)


def delete(name: str, topic: str, reason: str) -> Operation:
    """Delete a topic."""
    return Operation(DELETE, f"topic/{name}", Risk.SEVERE, reason, {"name": topic})


def refused(cluster: Cluster, operations: Iterable[Operation]) -> dict[str, str]:
    """What the cluster says against operations, by the topic's name there, without doing any of them."""
    by_kind: dict[str, list[Operation]] = {}
    for operation in operations:
        by_kind.setdefault(operation.kind, []).append(operation)
    return {
        topic: reason
        for kind, some in by_kind.items()
        if kind in (CREATE, ALTER, GROW)
        for topic, reason in _send(cluster, kind, some, validate_only=True).items()
    }


def carry_out(cluster: Cluster, operations: Sequence[Operation], *, wait: bool) -> Iterator[Operation]:
    """Do operations in order, giving each back once it is done.

    Raises:
        CliError: the cluster refused one; those before it are done.
    """
    for kind, alike in groupby(operations, key=lambda operation: operation.kind):
        left = list(alike)
        while left:
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            said = _send(cluster, kind, some)
            done = [operation for operation in some if operation.details["name"] not in said]
            yield from done
            if wait and done and kind in (CREATE, GROW):
                cluster.wait_until_ready([operation.details["name"] for operation in done])
            if said:
                told = "; ".join(f"topic {topic}: {reason}" for topic, reason in said.items())
                raise CliError(f"the cluster refused to {kind.replace('-', ' ')}: {told}")


def unmet(cluster: Cluster, operations: Iterable[Operation], *, seconds: float = SETTLE_SECONDS) -> list[str]:
    """What is not as the operations wanted it, asked again until all brokers can know of them."""
    wanted = list(operations)
    deadline = time.monotonic() + seconds
    while True:
        live = cluster.topics([operation.details["name"] for operation in wanted])
        problems = [
            problem
            for operation in wanted
            for problem in UNMET[operation.kind](operation, live.get(operation.details["name"]))
        ]
        if not problems or time.monotonic() > deadline:
            return problems
        interruption.pause(0.2)


def _send(
    cluster: Cluster, kind: str, operations: Sequence[Operation], *, validate_only: bool = False
) -> dict[str, str]:
    details = [operation.details for operation in operations]
    if kind == CREATE:
        topics = [NewTopic(d["name"], d["partitions"], d["replication"], d["config"]) for d in details]
        return cluster.create(topics, validate_only=validate_only)
    if kind == ALTER:
        settings = {d["name"]: {key: change["to"] for key, change in d["settings"].items()} for d in details}
        return cluster.alter_settings(settings, validate_only=validate_only)
    if kind == GROW:
        return cluster.add_partitions({d["name"]: d["to"] for d in details}, validate_only=validate_only)
    return cluster.delete([d["name"] for d in details])


def _not_created(operation: Operation, live: LiveTopic | None) -> Iterator[str]:
    details = operation.details
    if live is None:
        yield f"topic {details['name']} is not there"
        return
    for what, found in (("partitions", len(live.partitions)), ("replication", live.replication)):
        if found != details[what]:
            yield f"topic {live.name} has {what} {found}, not {details[what]}"
    yield from _unset(live, details["config"])


def _not_altered(operation: Operation, live: LiveTopic | None) -> Iterator[str]:
    if live is None:
        yield f"topic {operation.details['name']} is gone"
        return
    yield from _unset(live, {key: change["to"] for key, change in operation.details["settings"].items()})


def _unset(live: LiveTopic, wanted: Mapping[str, str | None]) -> Iterator[str]:
    for key, value in wanted.items():
        setting = live.settings.get(key)
        found = setting.value if setting is not None and (value is not None or setting.own) else None
        kind = setting.type if setting is not None else ""
        if (found is None) != (value is None) or canonical(key, found or "", kind) != canonical(key, value or "", kind):
            yield f"{key} of topic {live.name} is {found or 'inherited'}, not {value or 'inherited'}"


def _not_grown(operation: Operation, live: LiveTopic | None) -> Iterator[str]:
    found = len(live.partitions) if live else 0
    if found != operation.details["to"]:
        yield f"topic {operation.details['name']} has {found} partitions, not {operation.details['to']}"


def _not_deleted(operation: Operation, live: LiveTopic | None) -> Iterator[str]:
    if live is not None:
        yield f"topic {operation.details['name']} is still there"


UNMET: Mapping[str, Callable[[Operation, LiveTopic | None], Iterator[str]]] = {
    CREATE: _not_created,
    ALTER: _not_altered,
    GROW: _not_grown,
    DELETE: _not_deleted,
}
