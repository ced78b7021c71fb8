"""The stack of a Kafka cluster that is made."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import (
    Ec2Kafka,
    Environment,
    ExternalKafka,
    GivenNetwork,
    MskExpressKafka,
    MskKafka,
    MskServerlessKafka,
)
from environments.naming import bootstrap_parameter_name
from stacks.environment_stack import EnvironmentStack
from stacks.kafka.ec2.cluster import Ec2Cluster
from stacks.kafka.made import MadeCluster
from stacks.kafka.msk.cluster import MskCluster
from stacks.kafka.msk.serverless import MskServerlessCluster
from stacks.network.placement import Placement, given_placement


class KafkaStack(EnvironmentStack):
    """The cluster, who may reach it, and where clients find its addresses.

    Not made for an external cluster, which is only reached.
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        *,
        network: Placement | GivenNetwork,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "kafka", environment, description=f"Kafka of {environment.name}", stateful=True)
        placement = given_placement(self, network) if isinstance(network, GivenNetwork) else network
        made = _cluster(self, environment, placement=placement, key=key)
        self.clients = made.clients
        self.cluster_arn = made.cluster_arn
        address = ssm.StringParameter(
            self,
            "Bootstrap",
            parameter_name=bootstrap_parameter_name(environment.name),
            description=f"Where clients find Kafka of {environment.name}",
            string_value=made.bootstrap,
        )
        address.node.add_dependency(*made.serves)


def makes_cluster(environment: Environment) -> bool:
    """Whether the cluster of `environment` is made here, rather than only reached."""
    return not isinstance(environment.kafka, ExternalKafka)


def _cluster(scope: Construct, environment: Environment, *, placement: Placement, key: kms.IKey | None) -> MadeCluster:
    """Make the cluster of the kind that the environment names; each kind is a package beside this module."""
    match environment.kafka:
        case MskKafka() | MskExpressKafka() as kafka:
            return MskCluster(scope, environment, kafka, placement=placement, key=key).made
        case Ec2Kafka() as kafka:
            return Ec2Cluster(scope, environment, kafka, placement=placement, key=key).made
        case MskServerlessKafka():
            return MskServerlessCluster(scope, environment, placement=placement).made
    raise NotImplementedError(environment.kafka.kind)
