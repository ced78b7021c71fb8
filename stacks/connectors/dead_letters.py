"""Where a connector sends what it cannot deliver, and what it needs to be allowed for it."""

from collections.abc import Iterator

from aws_cdk import aws_iam as iam

from connector.config import DeadLetterBucket, DeadLetters, DeadLetterStream, DeadLetterTopic
from environments import DeadLetterBucket as BucketEnd
from environments import DeadLetters as DeadLetterEnd
from environments import Environment, StreamEnd, TopicEnd
from environments.naming import stream_name, topic_name
from stacks.connectors.streams import write_stream


def dead_letters(environment: Environment, described: DeadLetterEnd | None) -> DeadLetters | None:
    """Return the target by its physical name."""
    match described:
        case TopicEnd(topic=name):
            return DeadLetterTopic(topic=topic_name(environment, name))
        case StreamEnd(stream=name):
            return DeadLetterStream(stream=stream_name(environment, name))
        case BucketEnd(bucket=name, prefix=prefix):
            return DeadLetterBucket(bucket=name, prefix=prefix)
    return None


def write_dead_letters(
    environment: Environment, described: DeadLetterEnd | None, *, key: str | None
) -> Iterator[iam.PolicyStatement]:
    """Yield what writing there takes, `key` being the ARN of the environment's own; a topic is Kafka's business."""
    match described:
        case StreamEnd(stream=name):
            yield from write_stream(environment, name, key=key)
        case BucketEnd():
            yield iam.PolicyStatement(actions=["s3:PutObject"], resources=[dead_letter_objects(environment, described)])


def dead_letter_objects(environment: Environment, described: BucketEnd) -> str:
    """Return the ARN of all objects that dead letters may become."""
    return f"arn:{environment.partition}:s3:::{described.bucket}/{described.prefix}*"
