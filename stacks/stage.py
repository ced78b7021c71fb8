"""The stage of one environment."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, GivenNetwork, NewNetwork
from environments.security import NEW_KEY
from stacks.connectors.stack import ConnectorsStack
from stacks.deliveries.stack import DeliveriesStack
from stacks.environment_stack import environment_tags
from stacks.kafka.stack import KafkaStack, makes_cluster
from stacks.network.placement import Placement
from stacks.network.stack import NetworkStack
from stacks.observability.stack import ObservabilityStack, is_watched
from stacks.security.stack import SecurityStack, given_key
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
            permissions_boundary=_boundary(environment),
        )
        network: Placement | GivenNetwork = (
            NetworkStack(self, environment, environment.network).placement
            if isinstance(environment.network, NewNetwork)
            else environment.network
        )
        key = self._key(environment)
        streams = StreamsStack(self, environment, key=key) if environment.streams else None
        kafka = KafkaStack(self, environment, network=network, key=key) if makes_cluster(environment) else None
        cluster_arn = kafka.cluster_arn if kafka else None
        deliveries = (
            DeliveriesStack(self, environment, network=network, key=key, cluster_arn=cluster_arn)
            if environment.deliveries
            else None
        )
        connectors = (
            ConnectorsStack(self, environment, network=network, key=key, kafka=kafka)
            if environment.routes or environment.connectors.autoscaler
            else None
        )
        observability = ObservabilityStack(self, environment, key=key) if is_watched(environment) else None
        _deploy_in_steps([streams, kafka], [deliveries], [connectors], [observability])
        for tag, value in environment_tags(environment).items():
            cdk.Tags.of(self).add(tag, value)

    def _key(self, environment: Environment) -> kms.IKey | None:
        """The customer-managed key of the environment, if it has one; else services use those that AWS manages."""
        if not environment.security.own_key:
            return None
        if environment.security.key == NEW_KEY:
            return SecurityStack(self, environment).key
        return given_key(self, environment.security.key)


def _deploy_in_steps(*steps: Sequence[cdk.Stack | None]) -> None:
    """Deploy the stacks of each step after all of those before it.

    What they need of each other has names of ours, so nothing refers to anything, and nothing else
    would say which comes first: a delivery reads a stream that stands, an alarm watches both.
    """
    earlier: list[cdk.Stack] = []
    for step in steps:
        made = [stack for stack in step if stack is not None]
        for stack in made:
            for before in earlier:
                stack.add_stack_dependency(before)
        earlier += made


def _boundary(environment: Environment) -> cdk.PermissionsBoundary | None:
    """What no role of the environment may exceed, whoever adds it to whichever stack."""
    policy = environment.security.permissions_boundary
    if policy is None:
        return None
    if policy.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(policy)
    return cdk.PermissionsBoundary.from_name(policy)
