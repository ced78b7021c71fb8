"""The stream-level metrics of Kinesis in CloudWatch, which every stream has without being asked for.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html lists them. CloudWatch tells nothing
where nothing happened: no datapoint is not a zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.stream.costs import Load

NAMESPACE = "AWS/Kinesis"
NOW = timedelta()
MINUTE = timedelta(minutes=1)
MOST_QUERIES = 500
"""Of one call of GetMetricData."""


@dataclass(frozen=True)
class Metric:
    """One series, of a stream where nothing else is said."""

    name: str
    statistic: str
    """Such as ``Sum`` or ``Maximum``."""
    dimensions: Mapping[str, str]
    namespace: str = NAMESPACE


def read_metrics(
    aws: Aws, metrics: Sequence[Metric], window: timedelta, period: timedelta = MINUTE, *, ago: timedelta = NOW
) -> list[list[float]]:
    """The datapoints of each metric in the ``window`` that ended that long ``ago``, the newest first.

    GetMetricData answers up to 500 series at once, 50 times a second and account.
    """
    end = datetime.now(UTC) - ago
    values: list[list[float]] = [[] for _ in metrics]
    for first in range(0, len(metrics), MOST_QUERIES):
        queries = [
            {
                "Id": f"m{first + number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric.namespace,
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
                    },
                    "Period": int(period.total_seconds()),
                    "Stat": metric.statistic,
                },
            }
            for number, metric in enumerate(metrics[first : first + MOST_QUERIES])
        ]
        pages = aws.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=end - window, EndTime=end, ScanBy="TimestampDescending"
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                values[int(result["Id"][1:])].extend(result["Values"])
    return values


def read_load(aws: Aws, name: str, window: timedelta) -> Load | None:
    """What a stream (named as in Kinesis) has carried in the last ``window``, on average; None where nothing is told.

    Without a datapoint the stream may have been idle, or nobody may look at its metrics: both are unknown here.
    """
    own = {"StreamName": name}
    names = ("IncomingBytes", "IncomingRecords", "GetRecords.Bytes")
    try:
        sums = read_metrics(aws, [Metric(each, "Sum", own) for each in names], window, timedelta(minutes=5))
    except (ClientError, BotoCoreError):
        return None
    if not sums[0] or not sums[1]:
        return None
    seconds = window.total_seconds()
    bytes_in, records_in, bytes_out = (sum(values) / seconds for values in sums)
    return Load(bytes_in, records_in, bytes_out)


@dataclass(frozen=True)
class Peak:
    """The busiest minute of a stream's writers, a second of it on average."""

    bytes_in: float
    records_in: float


def read_peak(aws: Aws, name: str, window: timedelta) -> Peak | None:
    """The peaks of a stream (named as in Kinesis) in the last ``window``; None where nothing is told.

    The two peaks may be of different minutes. What happens inside of a minute is not seen.
    """
    metrics = [Metric(each, "Sum", {"StreamName": name}) for each in ("IncomingBytes", "IncomingRecords")]
    try:
        sizes, records = read_metrics(aws, metrics, window)
    except (ClientError, BotoCoreError):
        return None
    if not sizes or not records:
        return None
    seconds = MINUTE.total_seconds()
    return Peak(max(sizes) / seconds, max(records) / seconds)
