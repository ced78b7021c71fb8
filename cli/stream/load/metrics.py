"""The load of each shard from CloudWatch, for streams that keep metrics by shard.

Kinesis keeps these at extra cost, where EnableEnhancedMonitoring asked for them: ``shard_metrics`` in the YAML.
https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from cli.aws import Aws
from cli.stream.live import Shard
from cli.stream.load.heirs import Heirs
from cli.stream.load.shard_load import ShardLoad, profile_of_shards
from cli.stream.load_profile import LoadProfile, Rate
from cli.stream.stream_metrics import Metric, read_metrics

BYTES = "IncomingBytes"
RECORDS = "IncomingRecords"
THROTTLES = "WriteProvisionedThroughputExceeded"
READ_BYTES = "OutgoingBytes"
NEEDED = (BYTES, RECORDS)
"""Without both a shard that is at one of its limits could seem idle."""
USED = (*NEEDED, THROTTLES, READ_BYTES)

MINUTE_SECONDS = 60
FRESH_MINUTES = 5
"""For so long after a reshard a new shard has too few minutes to tell its peak."""
LONGEST = timedelta(days=15)
"""CloudWatch keeps sums of a minute for that long (CloudWatch User Guide, "Metrics retention")."""


def kept_shard_metrics(aws: Aws, name: str) -> frozenset[str]:
    """The metrics that Kinesis keeps by shard for a stream (named as in Kinesis)."""
    summary = aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    kept = {str(metric) for entry in summary["EnhancedMonitoring"] for metric in entry.get("ShardLevelMetrics", [])}
    return frozenset(USED) if "ALL" in kept else frozenset(kept)


def read_shard_loads(
    aws: Aws, name: str, shards: Sequence[Shard], since: timedelta, kept: frozenset[str]
) -> list[ShardLoad] | None:
    """The load of each open shard in the time ``since`` until now, from sums of a minute.

    None where nothing is told: Kinesis does not keep both of the metrics that it takes, or has done so only since a
    moment ago. A shard without a datapoint beside others that have some took nothing.

    Closed shards among ``shards`` give what they took to the open ones, by width: else the next reshard after one that
    was just made would take the new shards for idle.
    """
    if not kept.issuperset(NEEDED):
        return None
    chosen = list(shards)
    names = [metric for metric in USED if metric in kept]
    own = [{"StreamName": name, "ShardId": shard.shard_id} for shard in chosen]
    asked = [Metric(metric, "Sum", dimensions) for dimensions in own for metric in names]
    answers = iter(read_metrics(aws, asked, since))
    sums = [{metric: next(answers) for metric in names} for _ in chosen]
    if not any(found[metric] for found in sums for metric in NEEDED):
        return None
    loads = [_shard_load(shard, found, since.total_seconds()) for shard, found in zip(chosen, sums, strict=True)]
    heirs = Heirs(shard for shard in chosen if shard.open)
    closed: dict[str, list[ShardLoad]] = defaultdict(list)
    for load in loads:
        for heir in [] if load.shard.open else heirs.of(load.shard):
            closed[heir.shard_id].append(load)
    return [
        _with_inherited(load, closed[load.shard.shard_id], fresh=len(found[BYTES]) < FRESH_MINUTES)
        for load, found in zip(loads, sums, strict=True)
        if load.shard.open
    ]


def _with_inherited(load: ShardLoad, closed: Sequence[ShardLoad], *, fresh: bool) -> ShardLoad:
    """The load of an open shard with its part of what the closed ones took; their throttles stay theirs."""
    average, before = load.average, Rate()
    for other in closed:
        common = min(load.shard.end, other.shard.end) - max(load.shard.start, other.shard.start) + 1
        part = common / (other.shard.end - other.shard.start + 1)
        average += other.average.part(part)
        if other.shard.shard_id in load.shard.parents:
            before += other.peak.part(part)
    if not fresh:
        return replace(load, average=average)
    peak = Rate(
        max(load.peak.bytes_per_second, before.bytes_per_second),
        max(load.peak.records_per_second, before.records_per_second),
    )
    return replace(load, average=average, peak=peak)


def read_shard_load(aws: Aws, name: str, shards: Sequence[Shard], since: timedelta) -> LoadProfile | None:
    """The same as a profile over the key space: each shard with its busiest minute."""
    loads = read_shard_loads(aws, name, shards, since, kept_shard_metrics(aws, name))
    return None if loads is None else profile_of_shards(loads)


def _shard_load(shard: Shard, sums: dict[str, list[float]], seconds: float) -> ShardLoad:
    throttles, read = sums.get(THROTTLES), sums.get(READ_BYTES)
    return ShardLoad(
        shard,
        average=Rate(sum(sums[BYTES]) / seconds, sum(sums[RECORDS]) / seconds),
        # Of each for itself: whichever is nearer to its limit is the share that counts.
        peak=Rate(max(sums[BYTES], default=0) / MINUTE_SECONDS, max(sums[RECORDS], default=0) / MINUTE_SECONDS),
        throttled=None if throttles is None else round(sum(throttles)),
        read_bytes_per_second=None if read is None else sum(read) / seconds,
    )
