"""Where a delivery's records come from: writers, a stream or a topic."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms

from environments import Delivery, Environment, StreamEnd, TopicSource
from environments.naming import kafka_cluster_name, stream_arn, topic_name
from environments.streams import ENVIRONMENT_KEY
from stacks.deliveries.grants import Grant, grant, grant_wildcard
from stacks.deliveries.surroundings import Surroundings
from stacks.kafka.permissions import MskArns
from stacks.security.users import service_domain

EARLIEST = "1970-01-01T00:00:00Z"
"""How Firehose is told to begin with the oldest record (API Reference, MSKSourceConfiguration)."""


def source_properties(around: Surroundings, delivery: Delivery, role: iam.IRole) -> dict[str, Any]:
    """Return what a delivery stream is told of its source.

    What writers bring (Direct PUT) Firehose encrypts itself; what it reads is encrypted where it lies.
    """
    environment, source = around.environment, delivery.source
    if source is None:
        own = around.key
        return {
            "delivery_stream_type": "DirectPut",
            "delivery_stream_encryption_configuration_input": (
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK" if own else "AWS_OWNED_CMK", key_arn=own.key_arn if own else None
                )
            ),
        }
    if isinstance(source, StreamEnd):
        return {
            "delivery_stream_type": "KinesisStreamAsSource",
            "kinesis_stream_source_configuration": (
                firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
                    kinesis_stream_arn=stream_arn(environment, source.stream), role_arn=role.role_arn
                )
            ),
        }
    return {
        "delivery_stream_type": "MSKAsSource",
        "msk_source_configuration": firehose.CfnDeliveryStream.MSKSourceConfigurationProperty(
            msk_cluster_arn=_cluster(around),
            topic_name=topic_name(environment, source.topic),
            authentication_configuration=firehose.CfnDeliveryStream.AuthenticationConfigurationProperty(
                connectivity="PRIVATE", role_arn=role.role_arn
            ),
            read_from_timestamp=_timestamp(source),
        ),
    }


def source_grants(around: Surroundings, delivery: Delivery) -> Iterator[Grant]:
    """Yield what reading the source takes; nothing where writers bring records."""
    source = delivery.source
    if isinstance(source, StreamEnd):
        yield from _stream_grants(around, source.stream)
    elif isinstance(source, TopicSource):
        yield from _topic_grants(around, source)


def _stream_grants(around: Surroundings, name: str) -> Iterator[Grant]:
    environment = around.environment
    arn = stream_arn(environment, name)
    yield grant(
        "kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", on=arn
    )
    key = _key_of(environment, name, around.key)
    if key is not None:
        yield grant(
            "kms:Decrypt",
            on=key,
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"kinesis.{environment.region}.{service_domain(environment)}",
                    "kms:EncryptionContext:aws:kinesis:arn": arn,
                }
            },
        )


def _key_of(environment: Environment, stream: str, environments: kms.IKey | None) -> str | None:
    described = environment.streams[stream]
    if not described.own_key:
        return None
    if described.encryption == ENVIRONMENT_KEY:
        return environments.key_arn if environments else None
    return described.encryption


def _topic_grants(around: Surroundings, source: TopicSource) -> Iterator[Grant]:
    """Yield what reading one topic takes.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role
    """
    environment, cluster = around.environment, _cluster(around)
    arns = MskArns(environment=environment, cluster=cluster)
    yield grant(
        "kafka:DescribeCluster",
        "kafka:DescribeClusterV2",
        "kafka:GetBootstrapBrokers",
        "kafka-cluster:Connect",
        on=cluster,
    )
    yield grant(
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:DescribeTopicDynamicConfiguration",
        "kafka-cluster:ReadData",
        on=arns.topic(topic_name(environment, source.topic)),
    )
    # By the cluster's name alone: what holds its uuid has no finished text that could be acknowledged here.
    scope = f"arn:{environment.partition}:kafka:{environment.region}:{environment.account}"
    yield grant_wildcard(
        "kafka-cluster:DescribeGroup",
        on=[f"{scope}:group/{kafka_cluster_name(environment)}/*"],
        reason="Firehose names its consumer groups itself; it may only describe them, on clusters of this one name",
    )


def _cluster(around: Surroundings) -> str:
    if around.cluster_arn is None:
        raise TypeError("a topic is read from a cluster on MSK")
    return around.cluster_arn


def _timestamp(source: TopicSource) -> str | None:
    if isinstance(source.start, datetime):
        return source.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return EARLIEST if source.start == "earliest" else None
