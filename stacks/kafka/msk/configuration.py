"""The server properties of a cluster with brokers on MSK."""

from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import Environment, MskExpressKafka, MskKafka
from environments.naming import kafka_cluster_name
from stacks.environment_stack import removal_policy

MOST_REPLICAS = 3

FETCHERS = {"4xlarge": 4, "8xlarge": 8, "12xlarge": 14, "16xlarge": 16, "24xlarge": 16}
"""Threads that a broker needs of each source to fill its share of provisioned storage throughput.

https://docs.aws.amazon.com/msk/latest/developerguide/msk-provision-throughput-management.html
"""


class ServerConfiguration(Construct):
    """A configuration of MSK, and the revision of it that the cluster runs with.

    Changed properties make a new revision, and the cluster follows it, since it refers to the
    latest: named by a number it would keep the old one (https://github.com/aws/aws-cdk/issues/3873).
    It names no Kafka versions: changing that list would replace the configuration, which MSK refuses
    while a cluster uses it.
    """

    def __init__(self, scope: Construct, environment: Environment, kafka: MskKafka | MskExpressKafka) -> None:
        super().__init__(scope, "ServerConfiguration")
        configuration = msk.CfnConfiguration(
            self,
            "Resource",
            name=kafka_cluster_name(environment),
            description=f"Server properties of Kafka of {environment.name}",
            server_properties="".join(f"{name}={value}\n" for name, value in server_properties(kafka).items()),
        )
        configuration.apply_removal_policy(removal_policy(environment))
        self.info = msk.CfnCluster.ConfigurationInfoProperty(
            arn=configuration.attr_arn,
            # A number in the template's types; CloudFormation fills it in.
            revision=configuration.attr_latest_revision_revision,
        )


def server_properties(kafka: MskKafka | MskExpressKafka) -> dict[str, str]:
    """Return what brokers are set to: safe defaults, and over them what the environment says.

    MSK's own defaults make topics of typing mistakes, and on standard brokers let a replica that
    fell behind become leader, which loses records.
    """
    if isinstance(kafka, MskExpressKafka):
        safe = {"auto.create.topics.enable": "false"}
    else:
        replicas = min(kafka.brokers, MOST_REPLICAS)
        safe = {
            "auto.create.topics.enable": "false",
            "default.replication.factor": str(replicas),
            "min.insync.replicas": str(max(1, replicas - 1)),
            # Consumers that say where they are read from the replica in their own zone (KIP-392).
            "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
            "unclean.leader.election.enable": "false",
            **_fetchers(kafka),
        }
    return dict(sorted({**safe, **kafka.settings}.items()))


def _fetchers(kafka: MskKafka) -> dict[str, str]:
    threads = FETCHERS.get(kafka.instance.rpartition(".")[2])
    if kafka.storage_throughput is None or threads is None:
        return {}
    return {"num.replica.fetchers": str(threads)}
