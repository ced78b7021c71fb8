"""Where records go that cannot be delivered."""

from pydantic import Field

from connector.config.kafka import TOPIC_NAME
from connector.config.kinesis import STREAM_NAME
from connector.config.section import Section


class DeadLetterTopic(Section):
    """A topic of the source's cluster; headers tell where each record came from and why it is here."""

    topic: str = Field(pattern=TOPIC_NAME, description="topic of the source's cluster", examples=["flights-rejected"])


class DeadLetterStream(Section):
    """A Kinesis stream; each record is an envelope with the reason."""

    stream: str = Field(pattern=STREAM_NAME, description="name or ARN of a stream", examples=["dev-rejected"])


class DeadLetterBucket(Section):
    """Objects in S3, of JSON lines; each line is an envelope with the reason."""

    bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9.-]+[a-z0-9]$",
        min_length=3,
        max_length=63,
        description="bucket in S3",
        examples=["dev-rejected"],
    )
    prefix: str = Field(default="dead-letters/", max_length=512, description="what the names of its objects begin with")


DeadLetters = DeadLetterTopic | DeadLetterStream | DeadLetterBucket
