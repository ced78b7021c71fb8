"""One Kinesis data stream."""

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, ProvisionedStream
from environments.naming import stream_name
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy


def kinesis_stream(scope: Construct, environment: Environment, short_name: str) -> kinesis.Stream:
    """Add the stream `short_name` of `environment`, under its short name, to `scope`.

    Encryption is always spelled out: what the CDK does by default is a condition over regions,
    which reads as "perhaps not encrypted" to every checker.
    """
    described = environment.streams[short_name]
    key = None
    if described.encryption != "managed":
        key = kms.Key.from_key_arn(scope, f"Key-of-{short_name}", described.encryption)
    shards = described.shards if isinstance(described, ProvisionedStream) else None
    stream = kinesis.Stream(
        scope,
        short_name,
        stream_name=stream_name(environment, short_name),
        stream_mode=kinesis.StreamMode.PROVISIONED if shards else kinesis.StreamMode.ON_DEMAND,
        shard_count=shards,
        retention_period=cdk.Duration.hours(described.retention.total_seconds() / 3600),
        encryption=kinesis.StreamEncryption.KMS if key else kinesis.StreamEncryption.MANAGED,
        encryption_key=key,
        removal_policy=removal_policy(environment),
    )
    if key:
        acknowledge(stream, "KDS3", reason="the environment file asks for a key of the owner's own")
    return stream
