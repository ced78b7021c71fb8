"""``streamops group describe``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from itertools import groupby
from typing import Annotated

import typer

from cli.cluster import Cluster, Place, open_cluster
from cli.environment import open_environment
from cli.errors import CliError, WrongUsageError
from cli.group.list import group_item
from cli.group.members import WITHOUT_OFFSETS, Described, Member, describe_groups
from cli.group.names import group_id, missing, routes_by_group
from cli.group.options import GroupName
from cli.group.progress import Progress, read_progress
from cli.group.verdict import Sample, Verdict, verdict, worst
from cli.measured import time_text
from cli.options import EnvironmentName, Output, Query, duration_of
from cli.output import Answer, Column, Format, Item, note, print_table, show
from environments import Environment
from environments.quantities import format_duration

MEMBER_COLUMNS = (
    Column("MEMBER", "number", right=True),
    Column("CLIENT", "client_id"),
    Column("HOST", "host"),
    Column("INSTANCE", "instance"),
    Column("ID", "member"),
    Column("ASSIGNED", lambda item: assigned_text(item["assigned"]), fold=True),
)
PARTITION_COLUMNS = (
    Column("TOPIC", "topic"),
    Column("PARTITION", "partition", right=True),
    Column("BEGIN", "begin", right=True),
    Column("END", "end", right=True),
    Column("COMMITTED", "committed", right=True),
    Column("LAG", "lag", right=True),
    Column("BEHIND", lambda item: time_text(item["lag_seconds"]), right=True),
    Column("EXPIRED", lambda item: item["expired"] or None, right=True),
    Column("MEMBER", "member_number", right=True),
    Column("VERDICT", "verdict"),
)
FACTS = ("group", "route", "state", "type", "protocol", "lag")

Window = Annotated[str | None, typer.Option(metavar="DURATION", help="Watch for so long, to judge where the lag goes.")]
Every = Annotated[str, typer.Option(metavar="DURATION", help="Time between two samples of the window.")]


def command(
    ctx: typer.Context,
    name: GroupName,
    environment: EnvironmentName = None,
    *,
    window: Window = None,
    every: Every = "5s",
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show one group in full: its members, and how far it has come in each partition.

    LAG is in records, BEHIND the age of the next record that it reads, EXPIRED what retention removed unread.

    VERDICT: ok (nothing left to read at some time, or the lag went down), warn (reads, and never gains), stall (has
    members, and does not move), stop (moved, and does so no more, or has no members), rewind (went back), unknown
    (there is something to read, and without --window nothing tells where the lag goes).
    """
    watched = duration_of("--window", window) if window else None
    interval = duration_of("--every", every)
    if watched and interval > watched:
        raise WrongUsageError(
            f"--every {every} is longer than --window {window}: that is one sample only",
            f"write --every {format_duration(watched)} or less",
        )
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with open_cluster(opened) as cluster:
        item = _read(opened, name, cluster, watched, interval)
    answer.give({"status": "none", "items": [item]}, lambda: _show(item))


def describe(environment: Environment, name: str, cluster: Cluster) -> Described:
    """The group of this name, of any kind that commits offsets.

    Raises:
        NotFoundError: there is none.
        CliError: it is a share group.
    """
    groups = {group.name: group for group in cluster.groups()}
    found = groups.get(group_id(environment, name))
    described = describe_groups(cluster, [found]).get(found.name) if found else None
    if described is None:
        raise missing(environment, name, groups)
    if described.group.type in WITHOUT_OFFSETS:
        raise CliError(
            f"{described.group.name} is a share group, which has no offset in a partition but a state of each record",
            "see it with Kafka's own kafka-share-groups.sh",
        )
    return described


def _read(environment: Environment, name: str, cluster: Cluster, window: timedelta | None, interval: timedelta) -> Item:
    described = describe(environment, name, cluster)
    group = described.group.name
    samples: dict[Place, list[Sample]] = {}
    if window:
        note(f"watching {group} for {format_duration(window)}")
        end = time.monotonic() + window.total_seconds()
        while time.monotonic() < end:
            _sample(samples, read_progress(environment, cluster, {group: described}, in_time=False)[group])
            time.sleep(max(0.0, min(interval.total_seconds(), end - time.monotonic())))
        described = describe(environment, name, cluster)
    progress = read_progress(environment, cluster, {group: described})[group]
    _sample(samples, progress)
    verdicts = {place: verdict(seen, members=bool(described.members)) for place, seen in samples.items()}
    route = routes_by_group(environment).get(group)
    return {
        **group_item(group, route, described, progress),
        "protocol": described.protocol or None,
        "verdict": worst(verdicts.values()),
        "window": format_duration(window) if window else None,
        "member_details": [
            {"number": number, **member.as_json()} for number, member in enumerate(described.members, start=1)
        ],
        "partitions": _partitions(progress, described.members, verdicts),
        "unreadable": [{"topic": topic, "partition": partition} for topic, partition in progress.unreadable],
    }


def _sample(samples: dict[Place, list[Sample]], progress: Progress) -> None:
    now = time.monotonic()
    for lag in progress.lags:
        seen = samples.setdefault((lag.topic, lag.partition), [])
        seen.append(Sample(now, lag.committed, lag.lag))


def _partitions(progress: Progress, members: tuple[Member, ...], verdicts: Mapping[Place, Verdict]) -> list[Item]:
    owners = {place: (number, member) for number, member in enumerate(members, start=1) for place in member.assigned}
    items: list[Item] = []
    for lag in progress.lags:
        place = lag.topic, lag.partition
        number, member = owners.get(place, (None, None))
        items.append(
            {
                "topic": lag.topic,
                **lag.as_json(),
                "beyond_end": lag.beyond_end,
                "member": member.id if member else None,
                "member_number": number,
                "verdict": verdicts[place].value,
            }
        )
    return items


def assigned_text(assigned: list[Item]) -> str:
    """Partitions in one cell: ``orders: 0-3, 7``."""
    topics = groupby(assigned, key=lambda place: place["topic"])
    return "; ".join(f"{topic}: {ranges_text([each['partition'] for each in some])}" for topic, some in topics)


def ranges_text(numbers: list[int]) -> str:
    """Rising numbers, those in a row as ``first-last``."""
    runs = (
        [number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda entry: entry[1] - entry[0])
    )
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _show(item: Item) -> None:
    facts = {fact: item[fact] for fact in FACTS}
    facts |= {"behind": time_text(item["lag_seconds"]), "verdict": item["verdict"]}
    width = max(map(len, facts))
    for fact, value in facts.items():
        show(f"{fact.ljust(width)}  {value:,}" if isinstance(value, int) else f"{fact.ljust(width)}  {value or '-'}")
    if item["member_details"]:
        show()
        print_table(item["member_details"], MEMBER_COLUMNS)
    if item["partitions"]:
        show()
        print_table(item["partitions"], PARTITION_COLUMNS)
    if item["unreadable"]:
        show()
        show(f"cannot be read, since the topic is gone or nobody leads it: {assigned_text(item['unreadable'])}")
    if any(partition["beyond_end"] for partition in item["partitions"]):
        note("COMMITTED beyond END: the topic was made anew or has lost records since")
