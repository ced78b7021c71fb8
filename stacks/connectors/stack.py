"""The stack of the connectors."""

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, GivenNetwork
from environments.naming import ecs_cluster_name
from stacks.connectors.autoscaler import Autoscaler
from stacks.connectors.collector import Collector
from stacks.connectors.image import connector_image
from stacks.connectors.service import ConnectorService
from stacks.connectors.surroundings import Surroundings
from stacks.environment_stack import EnvironmentStack
from stacks.kafka.stack import KafkaStack
from stacks.network.placement import Placement, given_placement


class ConnectorsStack(EnvironmentStack):
    """An ECS cluster with one service per route, and what scales streams where it is asked for.

    Holds no state: it may be replaced any day.
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        *,
        network: Placement | GivenNetwork,
        key: kms.IKey | None,
        kafka: KafkaStack | None,
    ) -> None:
        """Make it; `kafka` is the stack of a cluster that is made, None where it is only reached."""
        super().__init__(scope, "connectors", environment, description=f"Connectors of {environment.name}")
        placement = given_placement(self, network) if isinstance(network, GivenNetwork) else network
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=ecs_cluster_name(environment),
            vpc=placement.vpc,
            container_insights_v2=ecs.ContainerInsights.ENHANCED,
        )
        if environment.connectors.autoscaler is not None:
            Autoscaler(
                self, environment, environment.connectors.autoscaler, cluster=cluster, placement=placement, key=key
            )
        if not environment.routes:
            return
        prometheus = environment.connectors.prometheus
        surroundings = Surroundings(
            cluster=cluster,
            placement=placement,
            image=connector_image(self, environment),
            collector=Collector(self, environment, prometheus) if prometheus else None,
            key=key,
            kafka=kafka,
        )
        for route in environment.routes:
            ConnectorService(self, environment, route, surroundings=surroundings)
