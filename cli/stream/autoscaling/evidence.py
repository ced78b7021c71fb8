"""What the load of a live stream is, and when its shards have changed: read from CloudWatch and Kinesis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

from cli.aws import Aws
from cli.stream.autoscaling.decision import Evidence, Load
from cli.stream.iterator_age import read_iterator_ages
from cli.stream.live import LiveStream, read_consumers
from cli.stream.load_profile import Rate
from cli.stream.stream_metrics import MINUTE, Metric, read_metrics
from cli.stream.throughput import METRICS, SHARD_READ_BYTES_PER_SECOND
from environments.stream_autoscale import StreamAutoscale


def read_evidence(aws: Aws, live: LiveStream, policy: StreamAutoscale) -> Evidence:
    """All that a decision about one stream needs; raises what CloudWatch and Kinesis raise."""
    consumers = [consumer.name for consumer in read_consumers(aws, live.arn)] if live.consumers else []
    recently, for_long = (_load(aws, live.name, window) for window in (policy.up.window, policy.down.window))
    return Evidence(
        shards=live.open_shards,
        recently=recently,
        for_long=for_long,
        changed_within_up_cooldown=changed_within(aws, live, policy.up.cooldown),
        changed_within_down_cooldown=changed_within(aws, live, policy.down.cooldown),
        iterator_age=read_iterator_ages(aws, live.name, consumers=consumers).worst,
    )


def changed_within(aws: Aws, live: LiveStream, span: timedelta) -> bool:
    """Whether a shard has closed since that long ago, or the stream is younger: each change of the map closes shards.

    Kinesis tells no times of shards, and FROM_TIMESTAMP lists besides those that are open only the ones that closed
    since (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html).
    """
    since = datetime.now(UTC) - span
    if live.created is not None and live.created > since:
        return True
    request: dict[str, Any] = {"StreamARN": live.arn, "ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": since}}
    while request:
        page = aws.kinesis.list_shards(**request)  # from the second on by the token alone
        if any("EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in page["Shards"]):
            return True
        request = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
    return False


def _load(aws: Aws, name: str, window: timedelta) -> Load:
    own = {"StreamName": name}
    sizes, records, read = read_metrics(aws, [Metric(metric, "Sum", own) for metric in METRICS], window)
    return Load(written=_written(sizes, records), read=_read(read), minutes=int(window / MINUTE))


def _written(sizes: Sequence[float], records: Sequence[float]) -> list[float]:
    """Both metrics have a datapoint for the same minutes: those with writes."""
    seconds = MINUTE.total_seconds()
    pairs = zip_longest(sizes, records, fillvalue=0.0)
    return [Rate(size / seconds, count / seconds).of_a_shard for size, count in pairs]


def _read(sizes: Sequence[float]) -> list[float]:
    return [size / MINUTE.total_seconds() / SHARD_READ_BYTES_PER_SECOND for size in sizes]
