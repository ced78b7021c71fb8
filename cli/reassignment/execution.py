"""Having the cluster move partitions, and waiting until it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from kafka import TopicPartition
from kafka.errors import KafkaError

from cli.cluster import Cluster, Place, retrying
from cli.errors import CliError
from cli.interruption import pause
from cli.output import note
from cli.reassignment.planner import Move
from environments.quantities import format_duration

POLL_SECONDS = 1.0
TELL_SECONDS = 30.0
GATE_SECONDS = 60.0
"""How long the cluster may take to be well again after a batch."""
TOLD_SECONDS = 10.0
"""How long brokers may take to hear of a change from the controller."""
PREFERRED = 0
"""The kind of election that makes the first replica the leader."""


def move(cluster: Cluster, moves: Sequence[Move], *, wait: bool) -> None:
    """Have partitions moved; with ``wait``, until every new replica is in sync and leaders are where they shall be.

    Kafka adds replicas before it takes any away, and goes on by itself when nobody waits (KIP-455).

    Raises:
        CliError: the cluster refuses a move, or the result is not what was asked for.
        KeyboardInterrupt: while waiting; the moves go on.
    """
    submit(cluster, moves)
    if wait:
        finish(cluster, moves)


def submit(cluster: Cluster, moves: Sequence[Move]) -> None:
    """Start moves.

    Raises:
        CliError: the cluster refuses one, with its reason; others may have been started.
    """
    answer = cluster.admin.alter_partition_reassignments(
        {TopicPartition(*each.place): list(each.after) for each in moves}
    )
    refused = {at: error for at, error in answer.items() if error is not None}
    if refused:
        told = ", ".join(f"{at.topic}-{at.partition}: {_reason(error)}" for at, error in sorted(refused.items()))
        raise CliError(f"the cluster refuses to move {told}", "see the brokers with: streamops topic describe NAME")


def finish(cluster: Cluster, moves: Sequence[Move]) -> None:
    """Wait for moves under way, then let the preferred replicas lead.

    Raises:
        CliError: a partition is not where it was to go, since somebody changed or cancelled it.
        KeyboardInterrupt: the moves go on.
    """
    _wait_until_done(cluster, {each.place for each in moves})
    unmet = settled(cluster, moves)
    if unmet:
        raise CliError(f"moved, but {unmet[0]}", "somebody else has changed or cancelled it; run it again")
    prefer_leaders(cluster, moves)


def settled(cluster: Cluster, moves: Sequence[Move]) -> list[str]:
    """What is ``misplaced`` once all brokers have heard from the controller what has ended."""
    deadline = time.monotonic() + TOLD_SECONDS
    while (unmet := misplaced(cluster, moves)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return unmet


def misplaced(cluster: Cluster, moves: Sequence[Move]) -> list[str]:
    """The partitions whose replicas are not as the moves wanted them, or not in sync."""
    live = cluster.topics(sorted({each.topic for each in moves}), settings=False)
    now = {(topic.name, each.index): each for topic in live.values() for each in topic.partitions}
    found = []
    for each in moves:
        partition = now.get(each.place)
        replicas = partition.replicas if partition else ()
        behind = set(replicas) - set(partition.in_sync if partition else ())
        if replicas != each.after:
            found.append(f"{_named(each)} lies on {_listed(replicas)} rather than {_listed(each.after)}")
        elif behind:
            found.append(f"{_named(each)} is not in sync on {_listed(sorted(behind))}")
    return found


def prefer_leaders(cluster: Cluster, moves: Sequence[Move]) -> None:
    """Have the first replica of moved partitions lead them now, rather than when the controller next looks (5 min).

    Brokers that do not allow it do it by themselves, unless ``auto.leader.rebalance.enable`` is off.
    """
    live = cluster.topics(sorted({each.topic for each in moves}), settings=False)
    leaders = {(topic.name, p.index): p.leader for topic in live.values() for p in topic.partitions}
    wanted: dict[str, list[int]] = {}
    for each in moves:
        if leaders.get(each.place) != each.after[0]:
            wanted.setdefault(each.topic, []).append(each.partition)
    if not wanted:
        return
    try:
        cluster.admin.elect_leaders(PREFERRED, wanted, raise_errors=False)
    except KafkaError as error:
        note(f"the leaders stay until the controller moves them: {error}")


def wait_until_well(cluster: Cluster, problems: Callable[[Cluster], Sequence[str]]) -> None:
    """The gate between two batches.

    Raises:
        CliError: the cluster is not well within a minute, with what is wrong.
    """
    deadline = time.monotonic() + GATE_SECONDS
    while found := problems(cluster):
        if time.monotonic() > deadline:
            raise CliError(
                f"the cluster is not well, so no more is moved: {'; '.join(found)}", "see to it, then run it again"
            )
        pause(POLL_SECONDS)


def _wait_until_done(cluster: Cluster, places: Collection[Place]) -> None:
    started = told = time.monotonic()
    left = -1
    while running := _running(cluster, places):
        now = time.monotonic()
        if now - told > TELL_SECONDS or (left >= 0 and running != left):
            lasts = format_duration(timedelta(seconds=round(now - started)))
            note(f"{running} of {len(places)} partitions are still being moved, after {lasts}")
            told = now
        left = running
        try:
            pause(POLL_SECONDS)
        except KeyboardInterrupt:
            note("what is under way goes on, and what limits it stays, until the command is run again")
            raise


def _running(cluster: Cluster, places: Collection[Place]) -> int:
    wanted = [TopicPartition(*place) for place in sorted(places)]
    return len(retrying(lambda: cluster.admin.list_partition_reassignments(wanted)))


def _reason(error: type[KafkaError]) -> str:
    name = error.__name__.removesuffix("Error")
    return f"{name} ({error.description})" if getattr(error, "description", "") else name


def _named(move: Move) -> str:
    return f"{move.topic}-{move.partition}"


def _listed(replicas: Sequence[int]) -> str:
    return ",".join(map(str, replicas)) or "nothing"
