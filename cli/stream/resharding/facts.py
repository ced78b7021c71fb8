"""What speaks for or against resharding a stream, read from AWS; ``guards`` judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.stream.iterator_age import read_iterator_ages
from cli.stream.live import LiveStream, read_consumers
from cli.stream.load_profile import Rate
from cli.stream.recent_calls import RecentCalls, read_recent_calls
from cli.stream.stream_metrics import MINUTE, NAMESPACE, Metric, read_metrics
from environments import Stream

HOUR = timedelta(hours=1)
SCALERS = ("autoscaling", "lambda")
"""What an alarm calls in order to reshard. A topic of SNS may only tell people, so what scales by way of one is missed.
"""


@dataclass(frozen=True)
class Quota:
    """Open shards of the provisioned streams of the account in the region."""

    limit: int
    used: int


@dataclass(frozen=True)
class Facts:
    """What is known of one stream."""

    live: LiveStream
    updates: RecentCalls = field(default_factory=RecentCalls)
    """Of UpdateShardCount."""
    scalers: Sequence[str] = ()
    """What looks like an autoscaling of this stream."""
    iterator_age: timedelta | None = None
    """Of the reader that is furthest behind; None where nobody reads, or nobody knows."""
    busiest: Rate | None = None
    """What was written in a second of the busiest minute of the last hour; None where nothing is told."""
    unchecked: Sequence[str] = ()
    """What could not be read, and why."""


def read_quota(aws: Aws) -> Quota | str:
    """The quota of the account, or why it cannot be told. DescribeLimits answers once a second and account."""
    try:
        limits = aws.kinesis.describe_limits()
    except (ClientError, BotoCoreError) as error:
        return explain(error).message
    return Quota(limits["ShardLimit"], limits["OpenShardCount"])


def read_facts(aws: Aws, live: LiveStream, declared: Stream) -> Facts:
    """All that the guards look at; what may not be read is said to be unchecked rather than taken for good."""
    unchecked: list[str] = []
    scalers = ["autoscale: of the environment file"] if getattr(declared, "autoscale", None) else []
    age: timedelta | None = None
    busiest: Rate | None = None
    try:
        scalers += _targets(aws, live.name)
        scalers += _alarms(aws, live)
    except (ClientError, BotoCoreError) as error:
        unchecked.append(f"whether something else scales the stream is not known: {explain(error).message}")
    try:
        names = [consumer.name for consumer in read_consumers(aws, live.arn)] if live.consumers else []
        age = read_iterator_ages(aws, live.name, consumers=names).worst
        busiest = _busiest(aws, live.name)
    except (ClientError, BotoCoreError) as error:
        unchecked.append(f"what is written, and how far readers are behind, is not known: {explain(error).message}")
    return Facts(live, read_recent_calls(aws, "UpdateShardCount", live.name), scalers, age, busiest, unchecked)


def _busiest(aws: Aws, stream: str) -> Rate | None:
    own = {"StreamName": stream}
    written = [Metric(name, "Sum", own) for name in ("IncomingBytes", "IncomingRecords")]
    minutes = [[total / MINUTE.total_seconds() for total in sums] for sums in read_metrics(aws, written, HOUR)]
    return Rate(*map(max, minutes)) if all(minutes) else None


def _targets(aws: Aws, stream: str) -> list[str]:
    """Scalable targets that name the stream.

    Application Auto Scaling knows streams only as custom resources, whose id is an address that ends, in AWS' own
    sample, in the name of the stream:
    https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-custom.html
    """
    pages = aws.autoscaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="custom-resource")
    ids = [target["ResourceId"] for page in pages for target in page["ScalableTargets"]]
    return [f"scalable target {each}" for each in ids if unquote(each).rstrip("/").endswith(f"/{stream}")]


def _alarms(aws: Aws, live: LiveStream) -> list[str]:
    """Alarms on the stream that call a function or a scaling policy, of one metric or of an expression of several."""
    partition = live.arn.split(":")[1]
    found = []
    for service in SCALERS:
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm"], ActionPrefix=f"arn:{partition}:{service}:"
        )
        found += [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"] if _watches(alarm, live.name)]
    return [f"alarm {name}" for name in sorted(set(found))]


def _watches(alarm: Mapping[str, Any], stream: str) -> bool:
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query]
    return any(
        metric.get("Namespace") == NAMESPACE and {"Name": "StreamName", "Value": stream} in metric.get("Dimensions", ())
        for metric in (alarm, *stats)
    )
