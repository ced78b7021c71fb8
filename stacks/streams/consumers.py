"""The consumers of a stream that are registered for enhanced fan-out."""

from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from environments import Environment
from stacks.streams.sharing import share_consumer
from stacks.streams.turns import in_turns


class StreamConsumers(Construct):
    """Each registered consumer of one stream, and who elsewhere may subscribe as it.

    A consumer holds no data, but its ARN ends in the time of its registration: made anew it is another one, and
    subscriptions end. It is therefore known by its name alone, and nothing else of the stream makes it anew.
    """

    def __init__(self, scope: Construct, *, environment: Environment, short_name: str, stream: kinesis.Stream) -> None:
        super().__init__(scope, "Consumers")
        made: list[kinesis.StreamConsumer] = []
        for name, described in environment.streams[short_name].consumers.items():
            consumer = kinesis.StreamConsumer(self, name, stream_consumer_name=name, stream=stream)
            made.append(consumer)
            if described.share:
                share_consumer(consumer, environment=environment, principals=described.share)
        in_turns(made)
