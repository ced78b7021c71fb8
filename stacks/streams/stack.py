"""The stack of the Kinesis data streams."""

from constructs import Construct

from environments import Environment
from stacks.environment_stack import EnvironmentStack
from stacks.streams.stream import kinesis_stream


class StreamsStack(EnvironmentStack):
    """Every Kinesis stream of an environment; in production nothing here goes by accident."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "streams",
            environment,
            description=f"Kinesis data streams of {environment.name}",
            stateful=True,
        )
        for stream in environment.streams:
            kinesis_stream(self, environment, stream)
