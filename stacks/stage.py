"""The stage of one environment."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, GivenNetwork, NewNetwork, StreamEnd, TopicEnd
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
        kafka = KafkaStack(self, environment, network=network, key=key) if makes_cluster(environment) else None
        streams = StreamsStack(self, environment, key=key) if environment.streams else None
        deliveries = self._deliveries(environment, network=network, key=key, streams=streams, kafka=kafka)
        targets = [each for each in (streams, kafka, deliveries) if each]
        if environment.routes:
            connectors = ConnectorsStack(self, environment, network=network, key=key, kafka=kafka)
            for target in targets:
                # By name, not by reference: the names of streams and deliveries are ours, so nothing refers to them.
                connectors.add_stack_dependency(target)
        if is_watched(environment):
            observability = ObservabilityStack(self, environment, key=key)
            for watched in targets:
                observability.add_stack_dependency(watched)
            if environment.routes:
                observability.add_stack_dependency(connectors)
        for tag, value in environment_tags(environment).items():
            cdk.Tags.of(self).add(tag, value)

    def _deliveries(
        self,
        environment: Environment,
        *,
        network: Placement | GivenNetwork,
        key: kms.IKey | None,
        streams: StreamsStack | None,
        kafka: KafkaStack | None,
    ) -> DeliveriesStack | None:
        """The deliveries, after what they read; that has names of ours, so nothing else would put it first."""
        if not environment.deliveries:
            return None
        cluster_arn = kafka.cluster_arn if kafka else None
        deliveries = DeliveriesStack(self, environment, network=network, key=key, cluster_arn=cluster_arn)
        sources = [delivery.source for delivery in environment.deliveries.values()]
        if streams and any(isinstance(source, StreamEnd) for source in sources):
            deliveries.add_stack_dependency(streams)
        if kafka and any(isinstance(source, TopicEnd) for source in sources):
            deliveries.add_stack_dependency(kafka)
        return deliveries

    def _key(self, environment: Environment) -> kms.IKey | None:
        """The customer-managed key of the environment, if it has one; else services use those that AWS manages."""
        if not environment.security.own_key:
            return None
        if environment.security.key == NEW_KEY:
            return SecurityStack(self, environment).key
        return given_key(self, environment.security.key)


def _boundary(environment: Environment) -> cdk.PermissionsBoundary | None:
    """What no role of the environment may exceed, whoever adds it to whichever stack."""
    policy = environment.security.permissions_boundary
    if policy is None:
        return None
    if policy.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(policy)
    return cdk.PermissionsBoundary.from_name(policy)
