"""What AWS has to allow the connector of a route: actions on resources, each by its literal name.

The stacks grant exactly this, and `connector verify` asks IAM for exactly this. Actions and resources are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and, on MSK, of https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from environments.dead_letters import DeadLetterBucket
from environments.ends import DeliveryEnd, StreamEnd, TopicEnd
from environments.environment import Environment
from environments.kafka import Ec2Kafka, ExternalKafka, MskServerlessKafka
from environments.naming import bootstrap_reference, consumer_group, delivery_arn, stream_arn, topic_name

InCluster = Callable[[str, str], str]
"""Gives the ARN of a topic or a group in a cluster on MSK, by ``topic`` or ``group`` and its name."""


@dataclass(frozen=True)
class Permission:
    """Actions on one resource."""

    actions: tuple[str, ...]
    resource: str
    """Its ARN; ends in ``*`` where the names of what is written begin like that."""
    via: str | None = None
    """With a KMS key, the service through which alone it is used, such as kinesis.eu-west-1.amazonaws.com."""


def task_permissions(
    environment: Environment,
    route: str,
    *,
    key: str | None,
    cluster: str | None,
    in_cluster: InCluster | None = None,
) -> Iterator[Permission]:
    """What the connector itself does, as its task role.

    Args:
        environment: that declares the route.
        route: by its short name.
        key: ARN of the environment's own key, where it has one.
        cluster: ARN of the Kafka cluster that is made on MSK, where there is one.
        in_cluster: how the ARNs of what is in that cluster are made, where its own is not known yet.
    """
    described = environment.routes[route]
    match described.target:
        case StreamEnd(stream=name):
            yield from write_stream(environment, name, key=key)
        case DeliveryEnd(delivery=name):
            yield Permission(
                ("firehose:DescribeDeliveryStream", "firehose:PutRecordBatch"), delivery_arn(environment, name)
            )
    match described.dead_letters:
        case StreamEnd(stream=name):
            yield from write_stream(environment, name, key=key)
        case DeadLetterBucket() as bucket:
            yield Permission(("s3:PutObject",), dead_letter_objects(environment, bucket))
    if environment.connectors.prometheus is not None:
        yield Permission(("aps:RemoteWrite",), environment.connectors.prometheus.workspace)
    yield from _kafka(environment, route, cluster, in_cluster)


def write_stream(environment: Environment, stream: str, *, key: str | None) -> Iterator[Permission]:
    """What writing to a stream takes, the use of its key included; ``key`` is the ARN of the environment's own.

    Its shards are listed to tell which one a record goes to: aggregation packs by it, and pacing slows down one hot
    shard instead of all.
    """
    actions = ("kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords")
    yield Permission(actions, stream_arn(environment, stream))
    encryption = environment.streams[stream].encryption
    own = key if encryption == "environment" else encryption
    if own is not None and encryption != "managed":
        yield Permission(("kms:GenerateDataKey",), own, via=service_endpoint(environment, "kinesis"))


def dead_letter_objects(environment: Environment, bucket: DeadLetterBucket) -> str:
    """The ARN of all objects that dead letters may become."""
    return f"arn:{environment.partition}:s3:::{bucket.bucket}/{bucket.prefix}*"


def service_endpoint(environment: Environment, service: str) -> str:
    """A service as ``kms:ViaService`` names it."""
    domain = "amazonaws.com.cn" if environment.partition == "aws-cn" else "amazonaws.com"
    return f"{service}.{environment.region}.{domain}"


def logs_in_with_iam(environment: Environment) -> bool:
    """Whether connectors log in to Kafka with their role."""
    kafka = environment.kafka
    if isinstance(kafka, MskServerlessKafka):
        return True
    if isinstance(kafka, ExternalKafka | Ec2Kafka):
        return kafka.auth == "iam"
    return kafka.client_auth == "iam"


def _kafka(
    environment: Environment, route: str, made: str | None, in_cluster: InCluster | None
) -> Iterator[Permission]:
    """What finding the brokers takes, and where they ask IAM, what the route does on them."""
    kafka = environment.kafka
    external = isinstance(kafka, ExternalKafka)
    bootstrap = kafka.bootstrap if isinstance(kafka, ExternalKafka) else bootstrap_reference(environment.name)
    if bootstrap.startswith("ssm:"):
        path = bootstrap.removeprefix("ssm:")
        scope = f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}"
        yield Permission(("ssm:GetParameter",), f"{scope}:parameter{path}")
    asked = kafka.asked_cluster if isinstance(kafka, ExternalKafka) else made
    cluster = kafka.cluster_arn if isinstance(kafka, ExternalKafka) else made
    if asked is not None:
        yield Permission(("kafka:GetBootstrapBrokers",), asked)
    if cluster is None or not logs_in_with_iam(environment):
        return

    def inside(kind: str, name: str) -> str:
        return f"{cluster.replace(':cluster/', f':{kind}/')}/{name}"

    yield from _on_kafka(environment, route, cluster, inside if external or in_cluster is None else in_cluster)


def _on_kafka(environment: Environment, route: str, cluster: str, inside: InCluster) -> Iterator[Permission]:
    """Reading the topic of a route, and writing its dead letters.

    A dead-letter topic is written by an idempotent producer, and its settings are read beforehand to see what fits into
    it, as are those of the source.
    """
    described = environment.routes[route]
    letters = described.dead_letters
    writes = isinstance(letters, TopicEnd)
    settings = ("kafka-cluster:DescribeTopicDynamicConfiguration",) if writes else ()
    connect = ("kafka-cluster:Connect", *(("kafka-cluster:WriteDataIdempotently",) if writes else ()))
    yield Permission(connect, cluster)
    if isinstance(described.source, TopicEnd):
        yield Permission(
            ("kafka-cluster:DescribeTopic", *settings, "kafka-cluster:ReadData"),
            inside("topic", topic_name(environment, described.source.topic)),
        )
        yield Permission(
            ("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
            inside("group", consumer_group(environment, route)),
        )
    if isinstance(letters, TopicEnd):
        yield Permission(
            ("kafka-cluster:DescribeTopic", *settings, "kafka-cluster:WriteData"),
            inside("topic", topic_name(environment, letters.topic)),
        )
