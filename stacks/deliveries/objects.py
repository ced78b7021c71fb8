"""What Firehose is told of the objects that it writes: when, how compressed, and where copies go."""

from datetime import timedelta

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from environments import Buffer, RedshiftDelivery, S3Delivery
from stacks.deliveries.bucket import DeliveryBucket

MIB = 1 << 20

COMPRESSION = {
    "none": "UNCOMPRESSED",
    "gzip": "GZIP",
    "snappy": "Snappy",
    "zip": "ZIP",
    "hadoop-snappy": "HADOOP_SNAPPY",
}
"""The names that Firehose gives the ways of compression."""


def hints(buffer: Buffer) -> firehose.CfnDeliveryStream.BufferingHintsProperty:
    """Return when objects are written."""
    return firehose.CfnDeliveryStream.BufferingHintsProperty(
        size_in_m_bs=buffer.size // MIB, interval_in_seconds=interval(buffer.interval)
    )


def interval(duration: timedelta) -> int:
    """Return whole seconds, in which Firehose counts."""
    return int(duration.total_seconds())


def backup(
    bucket: DeliveryBucket,
    role: iam.IRole,
    delivery: S3Delivery | RedshiftDelivery,
    logging: firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty,
) -> firehose.CfnDeliveryStream.S3DestinationConfigurationProperty:
    """Return where records are kept as they came, before anything was made of them."""
    return firehose.CfnDeliveryStream.S3DestinationConfigurationProperty(
        bucket_arn=bucket.bucket.bucket_arn,
        role_arn=role.role_arn,
        prefix=delivery.originals,
        error_output_prefix=delivery.errors if isinstance(delivery, S3Delivery) else None,
        buffering_hints=hints(delivery.buffer),
        compression_format=COMPRESSION[delivery.compression],
        encryption_configuration=bucket.encryption,
        cloud_watch_logging_options=logging,
    )
