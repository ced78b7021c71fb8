"""What AWS has to allow what scales streams on a schedule: the calls of ``streamops stream reshard --auto``.

Actions and resources are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator

from environments.environment import Environment
from environments.naming import stream_arn
from environments.route_permissions import Permission
from environments.streams import ProvisionedStream

OF_A_STREAM = (
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
    "kinesis:ListStreamConsumers",
    "kinesis:MergeShards",
    "kinesis:SplitShard",
    "kinesis:UpdateShardCount",
)
OF_THE_ACCOUNT = (
    "application-autoscaling:DescribeScalableTargets",
    "cloudtrail:LookupEvents",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "kinesis:DescribeLimits",
)
"""Reading calls that know no resource, or list what has any name. GetCallerIdentity takes no permission."""


def scaled_streams(environment: Environment) -> tuple[str, ...]:
    """The short names of the streams whose shards follow their load."""
    return tuple(
        name
        for name, stream in environment.streams.items()
        if isinstance(stream, ProvisionedStream) and stream.autoscale is not None
    )


def autoscaler_permissions(environment: Environment) -> Iterator[Permission]:
    """What resharding by load does, stream by stream, and what it reads of the account."""
    for name in scaled_streams(environment):
        yield Permission(OF_A_STREAM, stream_arn(environment, name))
    yield Permission(OF_THE_ACCOUNT, "*")
