"""One Firehose delivery stream into S3, with everything that belongs to it alone."""

from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from environments import S3Delivery
from environments.naming import delivery_name
from stacks.deliveries.bucket import delivery_bucket, object_prefixes
from stacks.deliveries.conversion import conversion_grants, conversion_properties, glue_table
from stacks.deliveries.log import BACKUP, DESTINATION, DeliveryLog
from stacks.deliveries.objects import COMPRESSION, backup, hints, interval
from stacks.deliveries.processing import processing, processing_grants
from stacks.deliveries.role import delivery_role
from stacks.deliveries.source import source_grants, source_properties
from stacks.deliveries.stream import acknowledge_source
from stacks.deliveries.surroundings import Surroundings


class S3DeliveryStream(Construct):
    """A delivery stream that collects records into objects.

    The resource itself is the L1: the L2 grants its role more than Firehose needs.
    """

    def __init__(self, scope: Construct, name: str, delivery: S3Delivery, *, around: Surroundings) -> None:
        super().__init__(scope, name)
        environment, convert = around.environment, delivery.convert
        bucket = delivery_bucket(self, environment, delivery, key=around.key)
        log = DeliveryLog(self, environment, name, backup=delivery.originals is not None, key=around.key)
        prefixes = [delivery.prefix, delivery.errors, *([delivery.originals] if delivery.originals is not None else [])]
        role = delivery_role(
            self,
            environment,
            name,
            [
                *bucket.grants(environment, prefixes),
                *log.grants(),
                *source_grants(around, delivery),
                *processing_grants(delivery),
                *(conversion_grants(environment, name, convert) if convert else ()),
            ],
        )
        properties = firehose.CfnDeliveryStream
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=delivery_name(environment, name),
            **source_properties(around, delivery, role),
            extended_s3_destination_configuration=properties.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=bucket.bucket.bucket_arn,
                role_arn=role.role_arn,
                prefix=delivery.prefix,
                error_output_prefix=delivery.errors,
                buffering_hints=hints(delivery.buffer),
                compression_format=COMPRESSION[delivery.compression],
                encryption_configuration=bucket.encryption,
                cloud_watch_logging_options=log.options(DESTINATION),
                custom_time_zone=delivery.time_zone if delivery.time_zone != "UTC" else None,
                file_extension=delivery.extension,
                dynamic_partitioning_configuration=(
                    properties.DynamicPartitioningConfigurationProperty(
                        enabled=True,
                        retry_options=properties.RetryOptionsProperty(
                            duration_in_seconds=interval(delivery.partition_retry)
                        ),
                    )
                    if delivery.partitioned
                    else None
                ),
                processing_configuration=processing(delivery),
                data_format_conversion_configuration=(
                    conversion_properties(environment, name, convert, role) if convert else None
                ),
                s3_backup_mode="Enabled" if delivery.originals is not None else None,
                s3_backup_configuration=(
                    backup(bucket, role, delivery, log.options(BACKUP)) if delivery.originals is not None else None
                ),
            ),
        )
        acknowledge_source(stream, delivery)
        # Names are written out, so nothing refers to these: the bucket with its policy, the log and the table.
        stream.node.add_dependency(bucket.bucket, *log.streams.values())
        if convert:
            (head, *_) = object_prefixes([delivery.prefix])
            if table := glue_table(self, environment, name, convert, bucket=bucket.bucket, head=head):
                stream.node.add_dependency(table)
