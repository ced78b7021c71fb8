"""A cluster of MSK Serverless."""

from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import Environment
from environments.naming import kafka_cluster_name
from stacks.environment_stack import removal_policy
from stacks.kafka.made import MadeCluster, msk_bootstrap
from stacks.kafka.msk.policy import let_firehose_connect
from stacks.kafka.security_groups import KafkaSecurityGroups
from stacks.network.placement import Placement

PORT = 9098


class MskServerlessCluster(Construct):
    """A cluster without brokers to size: it knows IAM only, and is encrypted with keys of AWS."""

    def __init__(self, scope: Construct, environment: Environment, *, placement: Placement) -> None:
        super().__init__(scope, "MskServerless")
        groups = KafkaSecurityGroups(
            self, vpc=placement.vpc, ports={PORT: "Kafka over TLS, clients that log in with iam"}
        )
        # A cluster that is kept keeps its interfaces, and they their group.
        groups.brokers.apply_removal_policy(removal_policy(environment))
        cluster = msk.CfnServerlessCluster(
            self,
            "Cluster",
            cluster_name=kafka_cluster_name(environment),
            client_authentication=msk.CfnServerlessCluster.ClientAuthenticationProperty(
                sasl=msk.CfnServerlessCluster.SaslProperty(iam=msk.CfnServerlessCluster.IamProperty(enabled=True))
            ),
            vpc_configs=[
                msk.CfnServerlessCluster.VpcConfigProperty(
                    subnet_ids=placement.subnet_ids,
                    security_groups=[groups.brokers.security_group_id],
                )
            ],
        )
        cluster.apply_removal_policy(removal_policy(environment))
        let_firehose_connect(self, environment, cluster.attr_arn)
        self.made = MadeCluster(
            clients=groups.clients,
            bootstrap=msk_bootstrap(cluster.attr_arn),
            cluster_arn=cluster.attr_arn,
        )
