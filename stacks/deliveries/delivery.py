"""One Firehose delivery stream into S3, with everything that belongs to it alone."""

import re

import aws_cdk as cdk
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from environments import Environment, S3Delivery
from environments.naming import delivery_log_group_name, delivery_name
from stacks.deliveries.bucket import delivery_bucket
from stacks.deliveries.role import delivery_role
from stacks.log_retention import log_retention

LOG_STREAM = "destination"
"""Where Firehose says why it could not deliver. It writes there only if the stream exists already."""

_COMPRESSION = {
    "none": "UNCOMPRESSED",
    "gzip": "GZIP",
    "snappy": "Snappy",
    "zip": "ZIP",
    "hadoop-snappy": "HADOOP_SNAPPY",
}
_EXPRESSION = re.compile(r"!\{")


class S3DeliveryStream(Construct):
    """A delivery stream that takes records from writers (Direct PUT) and collects them into objects.

    The resource itself is the L1: the L2 grants its role more than Firehose needs.
    """

    def __init__(self, scope: Construct, environment: Environment, name: str) -> None:
        super().__init__(scope, name)
        delivery = environment.deliveries[name]
        if not isinstance(delivery, S3Delivery):
            raise TypeError(f"deliveries.{name}: only a delivery into S3 can be provisioned")
        bucket = delivery_bucket(self, environment, delivery.bucket)
        log_group = delivery_log_group_name(environment, name)
        log_stream = self._log(environment, log_group)
        role = delivery_role(
            self,
            environment,
            name,
            bucket=bucket,
            prefixes=object_prefixes(delivery),
            log_stream_arn=f"arn:{environment.partition}:logs:{environment.region}:{environment.account}"
            f":log-group:{log_group}:log-stream:{LOG_STREAM}",
        )
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=delivery_name(environment, name),
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="AWS_OWNED_CMK",
                )
            ),
            extended_s3_destination_configuration=(
                firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                    bucket_arn=bucket.bucket_arn,
                    role_arn=role.role_arn,
                    prefix=delivery.prefix,
                    error_output_prefix=delivery.errors,
                    buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                        size_in_m_bs=delivery.buffer.size // 2**20,
                        interval_in_seconds=int(delivery.buffer.interval.total_seconds()),
                    ),
                    compression_format=_COMPRESSION[delivery.compression],
                    cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                        enabled=True,
                        log_group_name=log_group,
                        log_stream_name=LOG_STREAM,
                    ),
                )
            ),
        )
        # Names are written out, so nothing refers to these: the bucket with its policy, and the log.
        stream.node.add_dependency(bucket, log_stream)

    def _log(self, environment: Environment, name: str) -> logs.LogStream:
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=name,
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a delivery that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        return logs.LogStream(
            self,
            "LogStream",
            log_group=group,
            log_stream_name=LOG_STREAM,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


def object_prefixes(delivery: S3Delivery) -> list[str]:
    """Return what the names of a delivery's objects begin with: its prefixes up to their first expression."""
    heads = {_EXPRESSION.split(prefix, maxsplit=1)[0] for prefix in (delivery.prefix, delivery.errors)}
    return sorted(head for head in heads if not any(head.startswith(other) for other in heads - {head}))
