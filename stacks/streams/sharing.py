"""Who outside of an environment may read and write its streams, by policies of the streams themselves.

The principal needs the same actions in a policy of its own account:
https://docs.aws.amazon.com/streams/latest/dev/resource-based-policy-examples.html
"""

from collections.abc import Iterable, Iterator, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms

from environments import Environment, Stream
from environments.naming import stream_arn
from stacks.security.users import service_domain
from stacks.streams.turns import resource_of

READ = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
WRITE = ("kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords")
FIND_SHARDS = ("kinesis:DescribeStreamSummary", "kinesis:ListShards")
"""What a subscriber asks of the stream itself before it subscribes to its shards."""
SUBSCRIBE = ("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")


def share_stream(stream: kinesis.Stream, *, environment: Environment, short_name: str, key: kms.IKey | None) -> None:
    """Let those whom the file names use the stream `short_name`, and through Kinesis its `key`.

    A `key` that is given has a policy of its own that nothing here can change: whoever keeps it lets them use it.
    """
    described = environment.streams[short_name]
    readers, writers, subscribers = _readers(described), _writers(described), _subscribers(described)
    only_subscribers = [each for each in subscribers if each not in readers and each not in writers]
    arn = stream_arn(environment, short_name)
    statements = [
        *_statement(environment, "Read", readers, READ, arn),
        *_statement(environment, "Write", writers, WRITE, arn),
        *_statement(environment, "FindShards", only_subscribers, FIND_SHARDS, arn),
    ]
    if not statements:
        return
    _policy(stream, stream.stream_arn, statements)
    if key:
        decrypting = list(dict.fromkeys([*readers, *subscribers]))
        for statement in (
            *_key_statement(environment, f"Read{_capitals(short_name)}", decrypting, "kms:Decrypt", arn),
            *_key_statement(environment, f"Write{_capitals(short_name)}", writers, "kms:GenerateDataKey", arn),
        ):
            key.add_to_resource_policy(statement)


def share_consumer(consumer: kinesis.StreamConsumer, *, environment: Environment, principals: Sequence[str]) -> None:
    """Let `principals` subscribe as `consumer`."""
    arn = consumer.stream_consumer_arn
    _policy(consumer, arn, list(_statement(environment, "Subscribe", principals, SUBSCRIBE, arn)))


def _policy(shared: kinesis.Stream | kinesis.StreamConsumer, arn: str, statements: list[iam.PolicyStatement]) -> None:
    """Add the policy of a stream or a consumer, once Kinesis has made it.

    The ARN alone does not say so: CloudFormation has it, and goes on, before a consumer is active, and Kinesis refuses
    the policy of one that is not. https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2442
    """
    policy = kinesis.CfnResourcePolicy(
        shared,
        "Sharing",
        resource_arn=arn,
        resource_policy=iam.PolicyDocument(statements=statements, minimize=False),
    )
    policy.add_resource_dependency(resource_of(shared))


def _readers(described: Stream) -> list[str]:
    return [principal for principal, access in described.share.items() if access in {"read", "read-write"}]


def _writers(described: Stream) -> list[str]:
    return [principal for principal, access in described.share.items() if access in {"write", "read-write"}]


def _subscribers(described: Stream) -> list[str]:
    every = (principal for consumer in described.consumers.values() for principal in consumer.share)
    return list(dict.fromkeys(every))


def _statement(
    environment: Environment, sid: str, principals: Sequence[str], actions: Iterable[str], arn: str
) -> Iterator[iam.PolicyStatement]:
    if principals:
        yield iam.PolicyStatement(
            sid=sid, principals=_principals(environment, principals), actions=list(actions), resources=[arn]
        )


def _key_statement(
    environment: Environment, sid: str, principals: Sequence[str], action: str, arn: str
) -> Iterator[iam.PolicyStatement]:
    """Lend the key for the records of one stream, which Kinesis names as their encryption context.

    https://docs.aws.amazon.com/streams/latest/dev/how-do-i-use-sse.html
    """
    if principals:
        yield iam.PolicyStatement(
            sid=sid,
            principals=_principals(environment, principals),
            actions=[action],
            resources=["*"],  # in a key policy, the key itself
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"kinesis.{environment.region}.{service_domain(environment)}",
                    "kms:EncryptionContext:aws:kinesis:arn": arn,
                }
            },
        )


def _capitals(short_name: str) -> str:
    """A short name in the letters and digits of a statement's id: `OrdersEu` of `orders-eu`."""
    return "".join(part.capitalize() for part in short_name.split("-"))


def _principals(environment: Environment, principals: Sequence[str]) -> list[iam.IPrincipal]:
    return [
        iam.ArnPrincipal(each if each.startswith("arn:") else f"arn:{environment.partition}:iam::{each}:root")
        for each in principals
    ]
