"""Where a connector sends what it cannot deliver."""

from connector.config import DeadLetterBucket, DeadLetters, DeadLetterStream, DeadLetterTopic
from environments import DeadLetterBucket as BucketEnd
from environments import DeadLetters as DeadLetterEnd
from environments import Environment, StreamEnd, TopicEnd
from environments.naming import stream_name, topic_name


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
