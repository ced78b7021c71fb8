"""What a connector needs to be allowed to write a Kinesis stream."""

from collections.abc import Iterator

from aws_cdk import aws_iam as iam

from environments import Environment
from environments.naming import stream_arn
from stacks.security.users import service_domain


def write_stream(environment: Environment, stream: str, *, key: str | None) -> Iterator[iam.PolicyStatement]:
    """Yield what writing to the stream named `stream` takes, the use of its key included.

    `key` is the ARN of the environment's own key, which a stream may be encrypted with.

    Its shards are listed to tell which one a record goes to: aggregation packs by it, and pacing slows down
    one hot shard instead of all.
    """
    yield iam.PolicyStatement(
        actions=["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords"],
        resources=[stream_arn(environment, stream)],
    )
    encryption = environment.streams[stream].encryption
    own = key if encryption == "environment" else encryption
    if own is not None and encryption != "managed":
        via = f"kinesis.{environment.region}.{service_domain(environment)}"
        yield iam.PolicyStatement(
            actions=["kms:GenerateDataKey"], resources=[own], conditions={"StringEquals": {"kms:ViaService": via}}
        )
