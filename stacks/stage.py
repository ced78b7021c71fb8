"""The stage of one environment."""

import aws_cdk as cdk
from constructs import Construct

from environments import Environment, GivenNetwork, NewNetwork
from stacks.connectors.stack import ConnectorsStack
from stacks.deliveries.stack import DeliveriesStack
from stacks.environment_stack import environment_tags
from stacks.kafka.stack import KafkaStack, makes_cluster
from stacks.network.placement import Placement
from stacks.network.stack import NetworkStack
from stacks.streams.stack import StreamsStack


class EnvironmentStage(cdk.Stage):
    """Everything of one environment, as stacks that are deployed in the order of their lifecycle.

    A stack that would be empty is not made: an environment in a given network has no network
    stack, one without streams no streams stack. Expects an environment that
    `stacks.refusals.refusals` finds nothing in.
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            environment.name,
            env=cdk.Environment(account=environment.account, region=environment.region),
        )
        network: Placement | GivenNetwork = (
            NetworkStack(self, environment, environment.network).placement
            if isinstance(environment.network, NewNetwork)
            else environment.network
        )
        kafka = KafkaStack(self, environment, network=network, key=None) if makes_cluster(environment) else None
        targets = [
            *([StreamsStack(self, environment)] if environment.streams else []),
            *([kafka] if kafka else []),
            *([DeliveriesStack(self, environment)] if environment.deliveries else []),
        ]
        if environment.routes:
            connectors = ConnectorsStack(self, environment, network=network)
            for target in targets:
                # By name, not by reference: the names of streams and deliveries are ours, so nothing refers to them.
                connectors.add_stack_dependency(target)
        for key, value in environment_tags(environment).items():
            cdk.Tags.of(self).add(key, value)
