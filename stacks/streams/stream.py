"""One Kinesis data stream."""

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, OnDemandStream, ProvisionedStream, Stream
from environments.naming import stream_name
from environments.streams import ENVIRONMENT_KEY
from stacks.checks import TEMPLATE, acknowledge
from stacks.environment_stack import removal_policy

KIB, MIB = 1 << 10, 1 << 20
DISTRIBUTION = {"auto": "AUTO", "partition-key": "USER_PARTITION_KEY"}


def kinesis_stream(
    scope: Construct, environment: Environment, short_name: str, *, key: kms.IKey | None
) -> kinesis.Stream:
    """Add the stream `short_name` of `environment`, under its short name, to `scope`.

    `key` is the environment's own, for a stream that borrows it.

    Encryption is always spelled out: what the CDK does by default is a condition over regions,
    which reads as "perhaps not encrypted" to every checker.
    """
    described = environment.streams[short_name]
    own_key = _key(scope, short_name, described, key)
    shards = described.shards if isinstance(described, ProvisionedStream) else None
    stream = kinesis.Stream(
        scope,
        short_name,
        stream_name=stream_name(environment, short_name),
        stream_mode=kinesis.StreamMode.PROVISIONED if shards else kinesis.StreamMode.ON_DEMAND,
        shard_count=shards,
        retention_period=cdk.Duration.hours(described.retention.total_seconds() / 3600),
        encryption=kinesis.StreamEncryption.KMS if own_key else kinesis.StreamEncryption.MANAGED,
        encryption_key=own_key,
        removal_policy=removal_policy(environment),
    )
    if own_key:
        acknowledge(stream, "KDS3", reason="the environment file asks for a key of the owner's own")
    _set_what_the_construct_lacks(stream, described)
    return stream


def _key(scope: Construct, short_name: str, described: Stream, environments: kms.IKey | None) -> kms.IKey | None:
    if not described.own_key:
        return None
    if described.encryption == ENVIRONMENT_KEY:
        return environments
    return kms.Key.from_key_arn(scope, f"Key-of-{short_name}", described.encryption)


def _set_what_the_construct_lacks(stream: kinesis.Stream, described: Stream) -> None:
    """Set properties of the resource that the CDK's `Stream` has no arguments for, as far as the file says them.

    What the file leaves to Kinesis stays out of the template, since not every region knows these properties:
    https://github.com/aws/aws-cdk/issues/38719
    """
    resource = stream.node.default_child
    assert isinstance(resource, kinesis.CfnStream)  # noqa: S101  what the construct is made of
    said = described.model_fields_set
    if "max_record_size" in said:
        resource.max_record_size_in_kib = described.max_record_size // KIB
    if described.shard_metrics:
        resource.desired_shard_level_metrics = list(described.shard_metrics)
    if isinstance(described, OnDemandStream):
        if described.warm_throughput is not None:
            resource.warm_throughput_mi_bps = described.warm_throughput // MIB
        if "distribution" in said:
            resource.record_distribution_strategy = DISTRIBUTION[described.distribution]
            acknowledge(
                stream,
                "F3002",
                checker=TEMPLATE,
                reason="the checker's schema of streams is older than RecordDistributionStrategy, which the CDK has",
            )
