"""When something is wrong with a stream.

Shapes from AWS's own recommendations, where it has some:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
"""

from datetime import timedelta

from environments.quantities import format_duration
from stacks.observability.alarms.alarm import Alarm, Missing
from stacks.observability.metrics.kinesis import StreamMetrics

SHARE_OF_RETENTION = 0.5
"""A record that is read when half of its time is over may soon not be read at all."""

MOST_CAPACITY = 80
"""Percent; above it a peak of seconds, which a mean of a minute hides, is refused."""


def iterator_age(metrics: StreamMetrics, most: timedelta, *, missing: Missing) -> Alarm:
    """Readers fall behind. `missing` is `breaching` where somebody is known to read."""
    return Alarm(
        kind="stream-iterator-age",
        text=f"Records are read more than {format_duration(most)} after they were written",
        severity="warning",
        measurement=metrics.iterator_age(),
        comparison="GreaterThanThreshold",
        threshold=most / timedelta(milliseconds=1),
        bad=15,
        of=15,
        missing=missing,
    )


def expiring(metrics: StreamMetrics, retention: timedelta) -> Alarm:
    """Readers are so far behind that records will be deleted unread."""
    return Alarm(
        kind="stream-expiring",
        text=f"Records are read when half of their {format_duration(retention)} are over, at whose end they are lost",
        severity="critical",
        measurement=metrics.iterator_age(),
        comparison="GreaterThanThreshold",
        threshold=SHARE_OF_RETENTION * (retention / timedelta(milliseconds=1)),
        bad=5,
        of=5,
        missing="notBreaching",
    )


def write_throttled(metrics: StreamMetrics) -> Alarm:
    """Writers are refused."""
    return Alarm(
        kind="stream-write-throttled",
        text="More than 1 % of the writes are refused because a shard is full",
        severity="warning",
        measurement=metrics.throttled_writes(),
        comparison="GreaterThanThreshold",
        threshold=0.01,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def read_throttled(metrics: StreamMetrics) -> Alarm:
    """Readers are refused."""
    return Alarm(
        kind="stream-read-throttled",
        text="More than 1 % of the reads are refused because too many read the same shards",
        severity="warning",
        measurement=metrics.throttled_reads(),
        comparison="GreaterThanThreshold",
        threshold=0.01,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def write_failed(metrics: StreamMetrics) -> Alarm:
    """Kinesis itself loses records of calls."""
    return Alarm(
        kind="stream-write-failed",
        text="More than 1 % of the records written fail inside of Kinesis",
        severity="warning",
        measurement=metrics.failed_records(),
        comparison="GreaterThanThreshold",
        threshold=1,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def write_unavailable(metrics: StreamMetrics) -> Alarm:
    """Whole calls fail."""
    return Alarm(
        kind="stream-write-unavailable",
        text="More than 5 % of the PutRecords calls fail as a whole",
        severity="critical",
        measurement=metrics.write_success(),
        comparison="LessThanThreshold",
        threshold=0.95,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def read_unavailable(metrics: StreamMetrics) -> Alarm:
    """Reading fails."""
    return Alarm(
        kind="stream-read-unavailable",
        text="More than 2 % of the GetRecords calls fail",
        severity="warning",
        measurement=metrics.read_success(),
        comparison="LessThanThreshold",
        threshold=0.98,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def capacity(metrics: StreamMetrics, shards: int) -> Alarm:
    """The stream is nearly full."""
    return Alarm(
        kind="stream-capacity",
        text=f"More than {MOST_CAPACITY} % of what {shards} shards take is in use",
        severity="warning",
        measurement=metrics.used_capacity(shards),
        comparison="GreaterThanThreshold",
        threshold=MOST_CAPACITY,
        bad=12,
        of=15,
        missing="notBreaching",
    )


def consumer_behind(metrics: StreamMetrics, consumer: str, most: timedelta) -> Alarm:
    """A registered consumer falls behind."""
    return Alarm(
        kind="consumer-behind",
        text=f"Consumer {consumer} is more than {format_duration(most)} behind the end of the stream",
        severity="warning",
        measurement=metrics.consumer_delay(consumer),
        comparison="GreaterThanThreshold",
        threshold=most / timedelta(milliseconds=1),
        bad=5,
        of=5,
        missing="notBreaching",
    )


def consumer_refused(metrics: StreamMetrics, consumer: str) -> Alarm:
    """A registered consumer cannot subscribe."""
    return Alarm(
        kind="consumer-refused",
        text=f"More than 1 % of the SubscribeToShard calls of consumer {consumer} fail",
        severity="warning",
        measurement=metrics.consumer_success(consumer),
        comparison="LessThanThreshold",
        threshold=0.99,
        bad=5,
        of=5,
        missing="notBreaching",
    )


def consumer_throttled(metrics: StreamMetrics, consumer: str) -> Alarm:
    """A registered consumer subscribes too often."""
    return Alarm(
        kind="consumer-throttled",
        text=f"More than 10 % of the SubscribeToShard calls of consumer {consumer} come too often",
        severity="warning",
        measurement=metrics.consumer_throttled(consumer),
        comparison="GreaterThanThreshold",
        threshold=0.1,
        bad=5,
        of=5,
        missing="notBreaching",
    )
