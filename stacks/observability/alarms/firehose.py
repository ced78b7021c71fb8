"""When something is wrong with a delivery.

https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html
"""

from datetime import timedelta

from environments.quantities import format_duration
from stacks.observability.alarms.alarm import Alarm, Severity
from stacks.observability.metrics import Measurement
from stacks.observability.metrics.firehose import DeliveryMetrics, Destination

LEAST_FRESHNESS = timedelta(minutes=15)
"""What Firehose may take for a buffer, whatever the interval: the longest interval there is."""

MOST_BEHIND = timedelta(minutes=15)
MOST_UNREAD = 100_000
"""How far, in time or in records, the source may be ahead."""

MOST_OF_LIMIT = 80
"""Percent of the limits of a delivery stream."""

_SECOND = timedelta(seconds=1)


def _above(
    kind: str, text: str, severity: Severity, measurement: Measurement, threshold: float, *, bad: int = 3
) -> Alarm:
    """An alarm on too much; Firehose tells nothing while nothing comes, and that is good."""
    return Alarm(
        kind=kind,
        text=text,
        severity=severity,
        measurement=measurement,
        comparison="GreaterThanThreshold",
        threshold=threshold,
        bad=bad,
        of=3,
        missing="notBreaching",
    )


def freshness(
    metrics: DeliveryMetrics, destination: Destination, *, interval: timedelta, given: timedelta | None
) -> Alarm:
    """Records wait: Firehose tries again, for 24 hours at most, and drops what it has not delivered by then."""
    most = given or max(LEAST_FRESHNESS, 2 * interval)
    return _above(
        "delivery-freshness",
        f"The oldest record waits for more than {format_duration(most)} and is lost after a day",
        "critical",
        metrics.freshness(destination),
        most / _SECOND,
    )


def failing(metrics: DeliveryMetrics, destination: Destination) -> Alarm:
    """What is delivered is refused."""
    return Alarm(
        kind="delivery-failing",
        text=f"More than 1 % of what is delivered to {destination} is refused",
        severity="warning",
        measurement=metrics.success(destination),
        comparison="LessThanThreshold",
        threshold=0.99,
        bad=3,
        of=3,
        missing="notBreaching",
    )


def limit(metrics: DeliveryMetrics) -> Alarm:
    """Writers come near the limits. Direct PUT only: other sources have none."""
    text = f"Writers use more than {MOST_OF_LIMIT} % of the delivery stream's limits"
    return _above("delivery-limit", text, "warning", metrics.used_limit(), MOST_OF_LIMIT)


def throttled(metrics: DeliveryMetrics) -> Alarm:
    """Writers are refused. Direct PUT only."""
    text = "Records are refused because they are above the delivery stream's limits"
    return _above("delivery-throttled", text, "warning", metrics.throttled_records(), 0, bad=2)


def behind_stream(metrics: DeliveryMetrics) -> Alarm:
    """Firehose falls behind the stream that it reads."""
    text = f"Firehose is more than {format_duration(MOST_BEHIND)} behind the stream that it reads"
    return _above(
        "delivery-behind-stream", text, "critical", metrics.behind_stream(), MOST_BEHIND / timedelta(milliseconds=1)
    )


def source_throttled(metrics: DeliveryMetrics) -> Alarm:
    """Firehose is refused by the stream that it reads."""
    text = "Firehose is refused by the stream that it reads, because others read too much of it"
    return _above("delivery-source-throttled", text, "warning", metrics.throttled_source(), 0)


def behind_topic(metrics: DeliveryMetrics) -> Alarm:
    """Firehose falls behind the topic that it reads."""
    text = f"More than {MOST_UNREAD} records wait in the topic that Firehose reads"
    return _above("delivery-behind-topic", text, "critical", metrics.behind_topic(), MOST_UNREAD)


def too_many_partitions(metrics: DeliveryMetrics) -> Alarm:
    """What belongs to further partitions goes to the error prefix."""
    text = "There are more partitions than Firehose keeps open; records of the others go to the error prefix"
    return _above("delivery-partitions", text, "warning", metrics.partitions_exceeded(), 0, bad=1)


def failed_conversions(metrics: DeliveryMetrics) -> Alarm:
    """What cannot be converted goes to the error prefix."""
    text = "Records cannot be converted and go to the error prefix"
    return _above("delivery-conversion", text, "warning", metrics.failed_conversions(), 0, bad=1)


def failing_transformation(metrics: DeliveryMetrics) -> Alarm:
    """What cannot be transformed goes to the error prefix."""
    return Alarm(
        kind="delivery-transformation",
        text="More than 1 % of the calls of the transformation fail; its records go to the error prefix",
        severity="warning",
        measurement=metrics.transformation_success(),
        comparison="LessThanThreshold",
        threshold=0.99,
        bad=3,
        of=3,
        missing="notBreaching",
    )


def key_refused(metrics: DeliveryMetrics) -> Alarm:
    """Without its key a delivery stream takes and delivers nothing."""
    text = "Firehose cannot use the key that encrypts the delivery stream"
    return _above("delivery-key", text, "critical", metrics.key_refused(), 0, bad=1)
