"""One Firehose delivery stream into OpenSearch: a domain, or a collection of OpenSearch Serverless."""

from collections.abc import Iterator
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from environments import Environment, OpenSearchDelivery
from environments.naming import delivery_name, search_domain_arn
from stacks.deliveries.bucket import DeliveryBucket, delivery_bucket
from stacks.deliveries.collection import collection_endpoint, data_access_policy
from stacks.deliveries.domain import Domain
from stacks.deliveries.grants import Grant, grant, grant_wildcard
from stacks.deliveries.interfaces import Interfaces
from stacks.deliveries.log import BACKUP, DESTINATION, DeliveryLog
from stacks.deliveries.objects import COMPRESSION, MIB, hints, interval
from stacks.deliveries.processing import processing, processing_grants
from stacks.deliveries.role import delivery_role
from stacks.deliveries.source import source_grants, source_properties
from stacks.deliveries.stream import acknowledge_source
from stacks.deliveries.surroundings import Surroundings

Properties = firehose.CfnDeliveryStream

_ROTATION = {
    "none": "NoRotation",
    "hour": "OneHour",
    "day": "OneDay",
    "week": "OneWeek",
    "month": "OneMonth",
}
_BACKUP = {"failed": "FailedDocumentsOnly", "all": "AllDocuments"}
_IDS = {"firehose": "FIREHOSE_DEFAULT", "opensearch": "NO_DOCUMENT_ID"}


class OpenSearchDeliveryStream(Construct):
    """A delivery stream that writes documents, and keeps those in a bucket that failed, or all."""

    def __init__(self, scope: Construct, name: str, delivery: OpenSearchDelivery, *, around: Surroundings) -> None:
        super().__init__(scope, name)
        environment = around.environment
        bucket = delivery_bucket(self, environment, delivery, key=around.key)
        log = DeliveryLog(self, environment, name, backup=True, key=around.key)
        interfaces = Interfaces(self, environment, name, around.placement()) if delivery.in_vpc else None
        role = delivery_role(
            self,
            environment,
            name,
            [
                *bucket.grants(environment, [delivery.prefix, delivery.errors]),
                *log.grants(),
                *source_grants(around, delivery),
                *processing_grants(delivery),
                *_index_grants(environment, name, delivery),
                *(interfaces.grants() if interfaces else ()),
            ],
        )
        settings: dict[str, Any] = {
            "index_name": delivery.index,
            "role_arn": role.role_arn,
            "s3_backup_mode": _BACKUP[delivery.backup],
            "s3_configuration": _bucket(bucket, role, delivery, log),
            "cloud_watch_logging_options": log.options(DESTINATION),
            "processing_configuration": processing(delivery),
            "vpc_configuration": interfaces.configuration(role) if interfaces else None,
        }
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=delivery_name(environment, name),
            **source_properties(around, delivery, role),
            **(
                _into_collection(delivery, delivery.collection, settings)
                if delivery.collection
                else _into_domain(delivery, delivery.domain or search_domain_arn(environment, name), settings)
            ),
        )
        acknowledge_source(stream, delivery)
        stream.node.add_dependency(bucket.bucket, *log.streams.values())
        if delivery.create and interfaces:
            domain = Domain(
                self,
                environment,
                name,
                delivery.new_domain,
                placement=around.placement(),
                clients=interfaces.group,
                role=role,
                key=around.key,
            )
            stream.node.add_dependency(domain.resource)
        if delivery.collection_name:
            stream.node.add_dependency(data_access_policy(self, environment, name, delivery, role))


def _into_domain(delivery: OpenSearchDelivery, arn: str, settings: dict[str, Any]) -> dict[str, Any]:
    buffer, retry = delivery.buffer, interval(delivery.retry)
    return {
        "amazonopensearchservice_destination_configuration": (
            Properties.AmazonopensearchserviceDestinationConfigurationProperty(
                **settings,
                domain_arn=arn,
                index_rotation_period=_ROTATION[delivery.rotation],
                document_id_options=Properties.DocumentIdOptionsProperty(
                    default_document_id_format=_IDS[delivery.document_ids]
                ),
                buffering_hints=Properties.AmazonopensearchserviceBufferingHintsProperty(
                    size_in_m_bs=buffer.size // MIB, interval_in_seconds=interval(buffer.interval)
                ),
                retry_options=Properties.AmazonopensearchserviceRetryOptionsProperty(duration_in_seconds=retry),
            )
        )
    }


def _into_collection(delivery: OpenSearchDelivery, arn: str, settings: dict[str, Any]) -> dict[str, Any]:
    buffer, retry = delivery.buffer, interval(delivery.retry)
    return {
        "amazon_open_search_serverless_destination_configuration": (
            Properties.AmazonOpenSearchServerlessDestinationConfigurationProperty(
                **settings,
                collection_endpoint=collection_endpoint(arn),
                buffering_hints=Properties.AmazonOpenSearchServerlessBufferingHintsProperty(
                    size_in_m_bs=buffer.size // MIB, interval_in_seconds=interval(buffer.interval)
                ),
                retry_options=Properties.AmazonOpenSearchServerlessRetryOptionsProperty(duration_in_seconds=retry),
            )
        )
    }


def _bucket(
    bucket: DeliveryBucket, role: iam.IRole, delivery: OpenSearchDelivery, log: DeliveryLog
) -> firehose.CfnDeliveryStream.S3DestinationConfigurationProperty:
    return Properties.S3DestinationConfigurationProperty(
        bucket_arn=bucket.bucket.bucket_arn,
        role_arn=role.role_arn,
        prefix=delivery.prefix,
        error_output_prefix=delivery.errors,
        buffering_hints=hints(delivery.buffer),
        compression_format=COMPRESSION[delivery.compression],
        encryption_configuration=bucket.encryption,
        cloud_watch_logging_options=log.options(BACKUP),
    )


def _index_grants(environment: Environment, name: str, delivery: OpenSearchDelivery) -> Iterator[Grant]:
    """Yield what writing the index takes.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-es
    """
    if delivery.collection:
        yield grant("aoss:APIAccessAll", on=delivery.collection)
        return
    domain, index = delivery.domain or search_domain_arn(environment, name), delivery.index
    why = "Firehose documents these paths: requests name indexes that rotate, nodes and types that nobody knows before"
    yield grant("es:DescribeDomain", "es:DescribeDomainConfig", "es:DescribeDomains", on=domain)
    yield grant_wildcard("es:ESHttpPost", "es:ESHttpPut", on=[domain, f"{domain}/*"], reason=why)
    paths = (
        "_all/_settings",
        "_cluster/stats",
        f"{index}*/_mapping/*",
        "_nodes",
        "_nodes/*/stats",
        "_nodes/stats",
        "_stats",
        f"{index}*/_stats",
    )
    yield grant_wildcard("es:ESHttpGet", on=[f"{domain}/{path}" for path in paths], reason=why)
