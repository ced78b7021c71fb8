"""What a route must be allowed to do: IAM statements for each identity, and ACLs on Kafka. Worked out, not asked for.

Actions and resources are those of the service authorization reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector.config import (
    ConnectorConfig,
    DeadLetterBucket,
    DeadLetterStream,
    DeadLetterTopic,
    FirehoseSink,
    Role,
)
from connector.config.security import MskIam

ENVIRONMENT = "the environment's own identity"


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on resources, for one identity: a role's ARN, or the one that the environment gives."""

    identity: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def statement(self) -> dict[str, Any]:
        """Write it as a policy's statement."""
        return {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}


@dataclass(frozen=True, slots=True)
class Acl:
    """Operations on a resource of Kafka, for the user that the connector is."""

    kind: str
    name: str
    operations: tuple[str, ...]

    def command(self) -> str:
        """Write it as the arguments of `kafka-acls.sh`."""
        operations = " ".join(f"--operation {operation}" for operation in self.operations)
        return f"--add --allow-principal User:NAME {operations} --{self.kind} {self.name}"


def grants(config: ConnectorConfig, region: str) -> list[Grant]:
    """List what AWS must allow. What is encrypted with a key of one's own needs kms:GenerateDataKey on that key too."""
    return [*_sink_grants(config, region), *_dead_letter_grants(config, region), *_kafka_grants(config, region)]


def policies(config: ConnectorConfig, region: str) -> dict[str, dict[str, Any]]:
    """Write the policy of each identity."""
    found: dict[str, list[dict[str, Any]]] = {}
    for grant in grants(config, region):
        found.setdefault(grant.identity, []).append(grant.statement())
    return {
        identity: {"Version": "2012-10-17", "Statement": statements} for identity, statements in sorted(found.items())
    }


def acls(config: ConnectorConfig) -> list[Acl]:
    """List what Kafka must allow where it keeps ACLs; with MSK IAM it keeps none."""
    if isinstance(config.source.security, MskIam):
        return []
    found = [Acl("topic", config.source.topic, ("Describe", "Read")), Acl("group", config.source.group, ("Read",))]
    if isinstance(config.dead_letters, DeadLetterTopic):
        # What a topic takes at most is read of its settings, and of the source's.
        found[0] = Acl("topic", config.source.topic, ("Describe", "DescribeConfigs", "Read"))
        found.append(Acl("topic", config.dead_letters.topic, ("Describe", "DescribeConfigs", "Write")))
    return found


def _sink_grants(config: ConnectorConfig, region: str) -> Iterator[Grant]:
    sink = config.sink
    identity = sink.role.arn if sink.role else ENVIRONMENT
    if sink.role:
        yield _assume(sink.role)
    account = sink.role.arn.split(":")[4] if sink.role else "*"
    if isinstance(sink, FirehoseSink):
        arn = f"arn:{_partition(region)}:firehose:{region}:{account}:deliverystream/{sink.delivery_stream}"
        yield Grant(identity, ("firehose:DescribeDeliveryStream", "firehose:PutRecordBatch"), (arn,))
        return
    # Which shard takes a record is foretold from the list of shards: to pack aggregates, and to pace single shards.
    actions = ("kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords")
    yield Grant(identity, actions, (_stream_arn(sink.stream, region, account),))


def _dead_letter_grants(config: ConnectorConfig, region: str) -> Iterator[Grant]:
    match config.dead_letters:
        case DeadLetterStream(stream=stream):
            actions = ("kinesis:DescribeStreamSummary", "kinesis:PutRecords")
            yield Grant(ENVIRONMENT, actions, (_stream_arn(stream, region, "*"),))
        case DeadLetterBucket(bucket=bucket, prefix=prefix):
            objects = f"arn:{_partition(region)}:s3:::{bucket}/{prefix}*"
            yield Grant(ENVIRONMENT, ("s3:PutObject",), (objects,))


def _kafka_grants(config: ConnectorConfig, region: str) -> Iterator[Grant]:
    source, security = config.source, config.source.security
    if source.bootstrap.startswith("ssm:"):
        path = source.bootstrap.removeprefix("ssm:")
        arn = f"arn:{_partition(region)}:ssm:{region}:*:parameter{path}"
        yield Grant(ENVIRONMENT, ("ssm:GetParameter",), (arn,))
    role = security.role if isinstance(security, MskIam) else None
    identity = role.arn if role else ENVIRONMENT
    if role:
        yield _assume(role)
    cluster = source.bootstrap.removeprefix("msk:") if source.bootstrap.startswith("msk:") else None
    if cluster:
        yield Grant(identity, ("kafka:GetBootstrapBrokers",), (cluster,))
    if not isinstance(security, MskIam):
        return
    cluster_region = security.region or region
    # https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
    cluster = cluster or f"arn:{_partition(cluster_region)}:kafka:{cluster_region}:*:cluster/*/*"
    writes = isinstance(config.dead_letters, DeadLetterTopic)
    settings = ("kafka-cluster:DescribeTopicDynamicConfiguration",) if writes else ()
    connect = ("kafka-cluster:Connect", *(("kafka-cluster:WriteDataIdempotently",) if writes else ()))
    yield Grant(identity, connect, (cluster,))
    yield Grant(
        identity,
        ("kafka-cluster:DescribeTopic", *settings, "kafka-cluster:ReadData"),
        (_inside(cluster, "topic", source.topic),),
    )
    yield Grant(
        identity,
        ("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
        (_inside(cluster, "group", source.group),),
    )
    if isinstance(config.dead_letters, DeadLetterTopic):
        yield Grant(
            identity,
            ("kafka-cluster:DescribeTopic", *settings, "kafka-cluster:WriteData"),
            (_inside(cluster, "topic", config.dead_letters.topic),),
        )


def _inside(cluster: str, kind: str, name: str) -> str:
    """Write the ARN of a topic or a group, which begins as that of its cluster."""
    return f"{cluster.replace(':cluster/', f':{kind}/')}/{name}"


def _assume(role: Role) -> Grant:
    return Grant(ENVIRONMENT, ("sts:AssumeRole",), (role.arn,))


def _stream_arn(stream: str, region: str, account: str) -> str:
    if stream.startswith("arn:"):
        return stream
    return f"arn:{_partition(region)}:kinesis:{region}:{account}:stream/{stream}"


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
