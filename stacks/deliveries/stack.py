"""The stack of the Firehose deliveries."""

from constructs import Construct

from environments import Environment
from stacks.deliveries.delivery import S3DeliveryStream
from stacks.environment_stack import EnvironmentStack


class DeliveriesStack(EnvironmentStack):
    """Every delivery of an environment; in production the bucket of none goes by accident."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "deliveries",
            environment,
            description=f"Firehose deliveries of {environment.name}",
            stateful=True,
        )
        for delivery in environment.deliveries:
            S3DeliveryStream(self, environment, delivery)
