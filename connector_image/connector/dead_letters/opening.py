"""The right place for dead letters, as the configuration says."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, assert_never

from connector.aws.explained import explained
from connector.aws.identity import Identity
from connector.backoff import Backoff
from connector.config import ConnectorConfig, DeadLetterBucket, DeadLetterStream, DeadLetterTopic
from connector.config.kinesis import region_of
from connector.dead_letters.bucket import BucketCarrier
from connector.dead_letters.cluster import Cluster
from connector.dead_letters.envelope import seal
from connector.dead_letters.queued import QueuedDeadLetters
from connector.dead_letters.stream import StreamCarrier
from connector.dead_letters.target import DeadLetters
from connector.dead_letters.topic import TopicDeadLetters


def open_dead_letters(config: ConnectorConfig, cluster: Callable[[], Mapping[str, object]]) -> DeadLetters | None:
    """Make the target of a route's dead letters, None where the configuration names none.

    Streams and buckets are written with the environment's own identity: the sink's role may be somebody
    else's. They are in the sink's region, a stream that is named by its ARN in the one of the ARN.

    Args:
        config: The route.
        cluster: Gives librdkafka's settings that reach the source's cluster: bootstrap servers and security. It is
            asked again when a login is refused, so that a secret that changed is taken up.

    Raises:
        ConnectorError: the settings of a client make no sense.
    """
    sealed = partial(seal, route=config.route)
    retry = config.sink.retry
    backoff = Backoff(retry.first.total_seconds(), retry.longest.total_seconds())
    match config.dead_letters:
        case None:
            return None
        case DeadLetterTopic(topic=topic):
            reached = Cluster(cluster, config.source.security)
            return TopicDeadLetters(topic, config.route, reached, backoff, source_topic=config.source.topic)
        case DeadLetterStream(stream=stream):
            region = region_of(stream) or config.sink.named_region
            return QueuedDeadLetters(StreamCarrier(_client(config, "kinesis", region), stream, sealed), backoff)
        case DeadLetterBucket(bucket=bucket, prefix=prefix):
            client = _client(config, "s3", config.sink.named_region)
            # Half of what may be unacknowledged, or reading would pause until an object has waited long enough.
            room = config.memory // 8
            return QueuedDeadLetters(BucketCarrier(client, bucket, prefix, config.route, sealed, room), backoff)
        case _:
            assert_never(config.dead_letters)


def _client(config: ConnectorConfig, service: str, region: str | None) -> Any:  # noqa: ANN401 - botocore has no types
    with explained(f"the AWS settings of {service}, for dead letters"):
        return Identity(region, fips=config.sink.fips).client(service)
