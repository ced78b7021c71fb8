"""What a topic keeps, as ``topic retention`` shows it where nothing shall change."""

from __future__ import annotations

from collections.abc import Mapping

from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.output import Answer, Column, Item, note, print_table, show
from cli.record_times import read_times
from cli.topic.retention import interactions
from cli.topic.retention.amounts import about_size, about_time, moment
from cli.topic.retention.change import live_topic
from cli.topic.retention.disk import bytes_a_day
from cli.topic.retention.guard import now_ms
from cli.topic.retention.limits import CLEANUP_POLICY, RETENTION_BYTES, RETENTION_MS, Limits, settings_of
from cli.topic.retention.losses import PartitionState
from cli.topic.retention.reading import check_interval, read_groups, read_state
from cli.topic.settings import readable
from environments import Environment

SHOWN = (RETENTION_MS, RETENTION_BYTES, CLEANUP_POLICY, "segment.ms", "segment.bytes")
TIERED = ("local.retention.ms", "local.retention.bytes")
SETTING_COLUMNS = (
    Column("SETTING", "name"),
    Column("VALUE", lambda item: readable(item["name"], item["value"])),
    Column("SOURCE", "source"),
)
PARTITION_COLUMNS = (
    Column("PARTITION", "partition", right=True),
    Column("RECORDS", "records", right=True),
    Column("SIZE", lambda item: None if item["bytes"] is None else about_size(item["bytes"]), right=True),
    Column("OLDEST", lambda item: None if item["oldest_timestamp"] is None else moment(item["oldest_timestamp"])),
    Column("AGE", lambda item: None if item["age_ms"] is None else about_time(item["age_ms"]), right=True),
    Column("A DAY", lambda item: None if item["bytes_a_day"] is None else about_size(item["bytes_a_day"]), right=True),
)
GROUP_COLUMNS = (
    Column("GROUP", "group"),
    Column("UNREAD", "unread", right=True),
    Column(
        "OLDEST UNREAD",
        lambda item: None if item["oldest_unread_ms"] is None else about_time(item["oldest_unread_ms"]),
        right=True,
    ),
)


def give_retention(answer: Answer, environment: Environment, name: str) -> None:
    """Answer with what a topic keeps, what it holds, and how far the groups are that read it."""
    with open_cluster(environment) as cluster:
        item = _read(environment, cluster, name)
    answer.give({"status": "none", "items": [item]}, lambda: _show(item))


def _read(environment: Environment, cluster: Cluster, name: str) -> Item:
    live = live_topic(environment, cluster, name)
    state, now = read_state(cluster, live), now_ms()
    settings = settings_of(live)
    limits = Limits.of(settings)
    shown = SHOWN + (TIERED if settings.get("remote.storage.enable") == "true" else ())
    return {
        "name": name,
        "physical_name": live.name,
        "settings": [
            {"name": key, "value": live.settings[key].value, "source": live.settings[key].source}
            for key in shown
            if key in live.settings
        ],
        "check_interval_ms": check_interval(cluster, live),
        "replication": live.replication,
        "partitions": [_partition(each, now) for each in state.partitions],
        "leaderless": list(state.leaderless),
        "groups": _groups(cluster, live, state.partitions, now),
        "warnings": [
            *interactions.warnings_of(settings, limits, live.replication),
            *interactions.future_warnings(state.partitions, limits, now),
            *interactions.route_warnings(environment, name, limits),
        ],
    }


def _partition(state: PartitionState, now: int) -> Item:
    rate = bytes_a_day(state, now)
    return {
        "partition": state.index,
        "begin": state.begin,
        "end": state.end,
        "records": state.records,
        "bytes": state.size,
        "oldest_timestamp": state.oldest,
        "age_ms": None if state.oldest is None else now - state.oldest,
        "bytes_a_day": None if rate is None else round(rate),
    }


def _groups(cluster: Cluster, live: LiveTopic, partitions: tuple[PartitionState, ...], now: int) -> list[Item]:
    return [
        {"group": group, **_behind(cluster, live, partitions, positions, now)}
        for group, positions in sorted(read_groups(cluster, live.name).items())
    ]


def _behind(
    cluster: Cluster,
    live: LiveTopic,
    partitions: tuple[PartitionState, ...],
    positions: Mapping[int, int],
    now: int,
) -> Item:
    """How much a group has not read where it has committed something, and how old the oldest of that is."""
    behind = {
        (live.name, each.index): max(positions[each.index], each.begin)
        for each in partitions
        if each.index in positions and max(positions[each.index], each.begin) < each.end
    }
    ends = {(live.name, each.index): each.end for each in partitions}
    times = [time for time in read_times(cluster, behind).values() if time] if behind else []
    return {
        "unread": sum(ends[place] - offset for place, offset in behind.items()),
        "oldest_unread_ms": now - int(min(times).timestamp() * 1000) if times else None,
    }


def _show(item: Item) -> None:
    show(f"topic {item['name']}")
    print_table(item["settings"], SETTING_COLUMNS)
    show()
    print_table(item["partitions"], PARTITION_COLUMNS)
    show()
    if item["groups"]:
        print_table(item["groups"], GROUP_COLUMNS)
    else:
        show("no known group reads it")
    if item["leaderless"]:
        note(f"note: without a leader: partitions {', '.join(map(str, item['leaderless']))}")
    note(f"note: the brokers look every {about_time(item['check_interval_ms'])} for what to delete")
    for warning in item["warnings"]:
        note(f"note: {warning}")
