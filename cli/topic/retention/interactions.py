"""Settings of a topic that change what its retention means. No I/O.

The rules are those of Kafka's ``UnifiedLog`` and ``LogConfig``, and of the Amazon MSK Developer Guide ("Guidelines for
Amazon MSK tiered storage topic-level configuration") where they speak of MSK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from cli.plan import Refusal
from cli.topic.retention.amounts import about_size, about_time, moment
from cli.topic.retention.limits import Limits, lowered
from cli.topic.retention.losses import PartitionState
from environments import Environment, StreamEnd, TopicEnd
from environments.quantities import format_duration

Settings = Mapping[str, str | None]

DAY = 86_400_000
TIERED_LEAST = 3 * DAY
"""``retention.ms`` of a topic with tiered storage on MSK."""
MILLISECOND = timedelta(milliseconds=1)
MSK_KINDS = ("msk", "msk-express", "msk-serverless")


def warnings_of(settings: Settings, limits: Limits, replication: int) -> Iterator[str]:
    """What a user should know about a topic with these settings."""
    if not limits.deletes:
        yield "cleanup.policy is compact: neither retention.ms nor retention.bytes deletes anything"
    else:
        yield from _segments(settings, limits)
    if settings.get("message.timestamp.type") != "LogAppendTime" and limits.effective.milliseconds >= 0:
        before = _number(settings, "message.timestamp.before.max.ms")
        if before is not None and limits.milliseconds < before < 1 << 62:
            yield (
                f"records up to {about_time(before)} old are accepted (message.timestamp.before.max.ms), and those "
                f"older than {about_time(limits.milliseconds)} go at the next check"
            )
    in_sync = _number(settings, "min.insync.replicas") or 1
    if in_sync > replication:
        yield f"min.insync.replicas is {in_sync} and replication {replication}: nobody can write with acks=all"
    elif in_sync == replication and replication > 1:
        yield f"min.insync.replicas is {in_sync} as replication is: with one broker down nobody can write with acks=all"


def future_warnings(partitions: tuple[PartitionState, ...], limits: Limits, now: int) -> Iterator[str]:
    """Records that are dated in the future hold back the deletion of their segment, and of all behind it."""
    late = [state for state in partitions if state.newest is not None and state.newest > now + DAY]
    if late and limits.effective.milliseconds >= 0:
        worst = max(late, key=lambda state: state.newest or 0)
        yield (
            f"partition {worst.index} has a record dated {moment(worst.newest or 0)}: its segment, and all behind it, "
            "stay until then"
        )


def tiered(environment: Environment, settings: Settings, limits: Limits) -> Iterator[Refusal]:
    """What tiered storage refuses."""
    if settings.get("remote.storage.enable") != "true":
        return
    local_ms, local_bytes = (_number(settings, f"local.retention.{unit}") for unit in ("ms", "bytes"))
    on_msk = environment.kafka.kind in MSK_KINDS
    if on_msk and 0 <= limits.milliseconds < TIERED_LEAST:
        yield Refusal(
            f"with tiered storage MSK keeps at least 3d, and not {about_time(limits.milliseconds)}",
            "keep 3d or more, or turn tiered storage off first; there is no flag for it",
        )
    for what, local, whole, told in (
        ("local.retention.ms", local_ms, limits.milliseconds, about_time),
        ("local.retention.bytes", local_bytes, limits.size, about_size),
    ):
        if local is not None and local >= -1 and lowered(local, whole):
            shown = told(local) if local >= 0 else "unlimited"
            yield Refusal(
                f"{what} ({shown}) would be above what is kept at all ({told(whole)}), which Kafka refuses",
                f"lower {what} first; there is no flag for it",
            )


def route_warnings(environment: Environment, name: str, limits: Limits) -> Iterator[str]:
    """Streams at the other end of a route that keep longer than the topic."""
    kept = limits.effective.milliseconds
    for route_name, route in environment.routes.items():
        ends = (route.source, route.target)
        stream = next((end.stream for end in ends if isinstance(end, StreamEnd)), None)
        if kept < 0 or stream is None or TopicEnd(topic=name) not in ends:
            continue
        retention = environment.streams[stream].retention
        if retention // MILLISECOND > kept:
            yield (
                f"route {route_name}: stream {stream} keeps {format_duration(retention)}, the topic "
                f"{about_time(kept)}: what is still in the one is no longer in the other"
            )


def _segments(settings: Settings, limits: Limits) -> Iterator[str]:
    age, size = _number(settings, "segment.ms"), _number(settings, "segment.bytes")
    if age is not None and 0 <= limits.milliseconds < age:
        yield (
            f"segment.ms ({about_time(age)}) is longer than retention.ms ({about_time(limits.milliseconds)}): a "
            f"segment goes as a whole, so records stay up to {about_time(age)} longer where it is not full before"
        )
    if size is not None and 0 <= limits.size < size:
        yield (
            f"retention.bytes ({about_size(limits.size)}) is less than segment.bytes ({about_size(size)}): each "
            f"partition keeps up to {about_size(limits.size + size)}"
        )


def _number(settings: Settings, name: str) -> int | None:
    try:
        return int(settings.get(name) or "")
    except ValueError:
        return None
