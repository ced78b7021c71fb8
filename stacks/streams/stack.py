"""The stack of the Kinesis data streams."""

from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from environments.streams import ENVIRONMENT_KEY
from stacks.environment_stack import EnvironmentStack
from stacks.streams.consumers import StreamConsumers
from stacks.streams.sharing import share_stream
from stacks.streams.stream import kinesis_stream
from stacks.streams.turns import in_turns


class StreamsStack(EnvironmentStack):
    """Every Kinesis stream of an environment; in production nothing here goes by accident."""

    def __init__(self, scope: Construct, environment: Environment, *, key: kms.IKey | None = None) -> None:
        super().__init__(
            scope,
            "streams",
            environment,
            description=f"Kinesis data streams of {environment.name}",
            stateful=True,
        )
        made: list[kinesis.Stream] = []
        for name, described in environment.streams.items():
            stream = kinesis_stream(self, environment, name, key=key)
            made.append(stream)
            StreamConsumers(stream, environment=environment, short_name=name, stream=stream)
            borrowed = key if described.encryption == ENVIRONMENT_KEY else None
            share_stream(stream, environment=environment, short_name=name, key=borrowed)
        in_turns(made)
