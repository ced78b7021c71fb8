"""Registered consumers, and `AWS::Kinesis::StreamConsumer`.

What moto gets wrong here and AWS does: an ARN of a consumer ends in the time of its registration (so a policy of one
does not fit the next of the same name), a name is registered once, a stream has at most 20 consumers (50 with
on-demand Advantage), the consumer that is deregistered goes and not the others, and an unknown stream is an error of
the client.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesis.exceptions import ConsumerNotFound, ResourceInUseError, StreamNotFoundError
from moto.kinesis.models import Consumer, KinesisBackend

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

MOST_CONSUMERS = 20
MOST_CONSUMERS_OF_ADVANTAGE = 50

mends = Mends()


@mends.method(KinesisBackend)
def _find_stream_by_arn(self: Any, stream_arn: str) -> Any:
    """Return the stream of an ARN."""
    for stream in self.streams.values():
        if stream.arn == stream_arn:
            return stream
    raise StreamNotFoundError(stream_arn.rsplit("/", maxsplit=1)[-1], self.account_id)


@mends.method(KinesisBackend)
def register_stream_consumer(self: Any, stream_arn: str, consumer_name: str) -> Consumer:
    """RegisterStreamConsumer."""
    stream = self._find_stream_by_arn(stream_arn)
    if any(each.consumer_name == consumer_name for each in stream.consumers):
        text = f"Consumer {consumer_name} of stream {stream.stream_name} is registered already"
        raise ResourceInUseError(text)
    most = MOST_CONSUMERS if stream.warm_throughput is None else MOST_CONSUMERS_OF_ADVANTAGE
    if len(stream.consumers) >= most:
        text = f"Stream {stream.stream_name} has {most} consumers already, the most there can be"
        raise JsonRESTError("LimitExceededException", text)
    consumer = Consumer(consumer_name, self.account_id, self.region_name, stream_arn)
    consumer.consumer_arn = f"{consumer.consumer_arn}:{int(consumer.created.timestamp())}"
    stream.consumers.append(consumer)
    return consumer


@mends.method(KinesisBackend)
def deregister_stream_consumer(self: Any, stream_arn: str, consumer_name: str, consumer_arn: str) -> None:
    """DeregisterStreamConsumer, by ARN or by stream and name; its policy goes with it."""
    gone = self.describe_stream_consumer(stream_arn, consumer_name, consumer_arn)
    self._find_stream_by_arn(gone.stream_arn).delete_consumer(gone.consumer_arn)
    self.resource_policies.pop(gone.consumer_arn, None)


@mends.method(KinesisBackend)
def describe_stream_consumer(self: Any, stream_arn: str, consumer_name: str, consumer_arn: str) -> Consumer:
    """DescribeStreamConsumer, by ARN or by stream and name."""
    streams = [self._find_stream_by_arn(stream_arn)] if stream_arn else self.streams.values()
    for stream in streams:
        for consumer in stream.consumers:
            if consumer.consumer_arn == consumer_arn or (stream_arn and consumer.consumer_name == consumer_name):
                found: Consumer = consumer
                return found
    raise ConsumerNotFound(consumer=consumer_name or consumer_arn, account_id=self.account_id)


@resource_type("AWS::Kinesis::StreamConsumer")
class StreamConsumerType(ResourceType):
    """A registered consumer; `Ref` gives its ARN."""

    replaced_by = frozenset({"ConsumerName", "StreamARN"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Register it."""
        kinesis = client("kinesis", place.region)
        given = {"StreamARN": properties["StreamARN"], "ConsumerName": properties["ConsumerName"]}
        made = kinesis.register_stream_consumer(**given)["Consumer"]
        attributes = {
            "ConsumerARN": made["ConsumerARN"],
            "ConsumerName": made["ConsumerName"],
            "ConsumerStatus": made["ConsumerStatus"],
            "ConsumerCreationTimestamp": str(int(made["ConsumerCreationTimestamp"].timestamp())),
            "StreamARN": properties["StreamARN"],
        }
        self._tag(kinesis, made["ConsumerARN"], {}, properties)
        return Made(made["ConsumerARN"], attributes)

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change its tags; all else is another consumer."""
        self._tag(client("kinesis", place.region), made.physical_id, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Deregister it; one that is gone already is what CloudFormation wants.

        https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html has handlers
        tell that nothing was found, and a stack goes on then.
        """
        kinesis = client("kinesis", place.region)
        with suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.deregister_stream_consumer(ConsumerARN=made.physical_id)

    def _tag(self, kinesis: Any, arn: str, old: Properties, new: Properties) -> None:
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            kinesis.untag_resource(ResourceARN=arn, TagKeys=removed)
        if tags:
            kinesis.tag_resource(ResourceARN=arn, Tags=tags)
