"""All mends of the stand-in in one list; importing the modules announces their types of resources."""

from __future__ import annotations

from sandbox.aws import (
    autoscaling,
    cloudtrail,
    cloudwatch,
    ec2_endpoints,
    ec2_security,
    ec2_vpc,
    ecs,
    ecs_deployments_api,
    ecs_services,
    ecs_tasks,
    firehose,
    firehose_stream,
    iam,
    kinesis,
    kinesis_changes,
    kinesis_consumers,
    kinesis_resharding,
    kinesis_settings,
    kinesis_sharing,
    kinesis_stream,
    kms,
    log_events,
    logs,
    s3,
    s3_bucket,
    secretsmanager,
    sns,
    ssm,
)
from sandbox.aws.authorization import simulation
from sandbox.aws.cloudformation import change_set_actions, description_actions, stack_actions

ALL = (
    autoscaling,
    change_set_actions,
    cloudtrail,
    cloudwatch,
    description_actions,
    stack_actions,
    ecs,
    ecs_deployments_api,
    ecs_services,
    ecs_tasks,
    firehose,
    iam,
    kinesis,
    kinesis_changes,
    kinesis_consumers,
    kinesis_resharding,
    kinesis_settings,
    kinesis_sharing,
    log_events,
    s3,
    simulation,
)
TYPES_ALONE = (
    ec2_endpoints,
    ec2_security,
    ec2_vpc,
    firehose_stream,
    kinesis_stream,
    kms,
    logs,
    s3_bucket,
    secretsmanager,
    sns,
    ssm,
)


def mend() -> None:
    """Put every mend in place. Idempotent; call it before the first request is served."""
    for module in ALL:
        module.mends.apply()
