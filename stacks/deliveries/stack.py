"""The stack of the Firehose deliveries."""

from functools import cache

from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment, GivenNetwork, OpenSearchDelivery, RedshiftDelivery
from stacks.deliveries.opensearch import OpenSearchDeliveryStream
from stacks.deliveries.redshift import RedshiftDeliveryStream
from stacks.deliveries.s3 import S3DeliveryStream
from stacks.deliveries.surroundings import Surroundings
from stacks.environment_stack import EnvironmentStack
from stacks.network.placement import Placement, given_placement


class DeliveriesStack(EnvironmentStack):
    """Every delivery of an environment; in production the data of none goes by accident.

    `cluster_arn` is that of the cluster on MSK whose topics deliveries read.
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        *,
        network: Placement | GivenNetwork,
        key: kms.IKey | None,
        cluster_arn: str | None,
    ) -> None:
        super().__init__(
            scope,
            "deliveries",
            environment,
            description=f"Firehose deliveries of {environment.name}",
            stateful=True,
        )

        @cache
        def placement() -> Placement:
            return given_placement(self, network) if isinstance(network, GivenNetwork) else network

        around = Surroundings(environment=environment, placement=placement, key=key, cluster_arn=cluster_arn)
        for name, delivery in environment.deliveries.items():
            if isinstance(delivery, RedshiftDelivery):
                RedshiftDeliveryStream(self, name, delivery, around=around)
            elif isinstance(delivery, OpenSearchDelivery):
                OpenSearchDeliveryStream(self, name, delivery, around=around)
            else:
                S3DeliveryStream(self, name, delivery, around=around)
