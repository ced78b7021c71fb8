"""The log of a delivery, in which Firehose says why it could not deliver."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from environments import Environment
from environments.naming import delivery_log_group_name
from stacks.deliveries.grants import Grant, grant
from stacks.log_retention import log_retention

DESTINATION, BACKUP = "destination", "backup"
"""Log streams: of the destination, and of the bucket that backs it up. Firehose writes only into such as exist."""


class DeliveryLog:
    """A log group with a log stream for the destination, and one for the backup where there is one."""

    def __init__(
        self, scope: Construct, environment: Environment, delivery: str, *, backup: bool, key: kms.IKey | None
    ) -> None:
        self._environment = environment
        self._name = delivery_log_group_name(environment, delivery)
        group = logs.LogGroup(
            scope,
            "Log",
            log_group_name=self._name,
            encryption_key=key,
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a delivery that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        ids = {DESTINATION: "LogStream", **({BACKUP: "BackupLogStream"} if backup else {})}
        self.streams = {
            name: logs.LogStream(
                scope, id_, log_group=group, log_stream_name=name, removal_policy=cdk.RemovalPolicy.DESTROY
            )
            for name, id_ in ids.items()
        }

    def options(self, stream: str) -> firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty:
        """Return how Firehose is told to write into a log stream."""
        return firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
            enabled=True, log_group_name=self._name, log_stream_name=stream
        )

    def grants(self) -> Iterator[Grant]:
        """Yield what writing into it takes."""
        environment = self._environment
        group = f"arn:{environment.partition}:logs:{environment.region}:{environment.account}:log-group:{self._name}"
        yield grant("logs:PutLogEvents", on=[f"{group}:log-stream:{stream}" for stream in self.streams])
