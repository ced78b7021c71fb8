"""A cluster with brokers on MSK: standard or Express."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import Environment, MskExpressKafka, MskKafka
from environments.naming import kafka_cluster_name, kafka_log_group_name
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy
from stacks.kafka.made import MadeCluster, msk_bootstrap
from stacks.kafka.msk.configuration import ServerConfiguration
from stacks.kafka.msk.policy import let_firehose_connect
from stacks.kafka.msk.scram import ScramUser
from stacks.kafka.msk.storage import scale_storage, storage_info
from stacks.kafka.msk.topics import add_topics
from stacks.kafka.security_groups import KafkaSecurityGroups
from stacks.log_retention import log_retention
from stacks.network.placement import Placement

PORTS = {"iam": 9098, "scram": 9096, "mtls": 9094}
"""Where brokers of MSK wait for clients, by the way that they log in.

https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
"""

EXPORTER_PORTS = {11001: "JMX exporter, for Prometheus", 11002: "Node exporter, for Prometheus"}
"""https://docs.aws.amazon.com/msk/latest/developerguide/open-monitoring.html"""

_LEVELS = {
    "default": "DEFAULT",
    "per-broker": "PER_BROKER",
    "per-topic-per-broker": "PER_TOPIC_PER_BROKER",
    "per-topic-per-partition": "PER_TOPIC_PER_PARTITION",
}


class MskCluster(Construct):
    """Brokers in the private subnets, encrypted everywhere, never reachable from the internet."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        kafka: MskKafka | MskExpressKafka,
        *,
        placement: Placement,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Msk")
        groups = KafkaSecurityGroups(self, vpc=placement.vpc, ports=_ports(kafka))
        # A cluster that is kept keeps its interfaces, and they their group.
        groups.brokers.apply_removal_policy(removal_policy(environment))
        standard = isinstance(kafka, MskKafka)
        cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name=kafka_cluster_name(environment),
            kafka_version=kafka.version,
            number_of_broker_nodes=kafka.brokers,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                client_subnets=placement.subnet_ids,
                instance_type=kafka.instance,
                security_groups=[groups.brokers.security_group_id],
                storage_info=storage_info(kafka) if isinstance(kafka, MskKafka) else None,
                connectivity_info=_connectivity(kafka),
            ),
            client_authentication=_client_authentication(kafka),
            configuration_info=ServerConfiguration(self, environment, kafka).info,
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                encryption_at_rest=(
                    msk.CfnCluster.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn) if key else None
                ),
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True),
            ),
            enhanced_monitoring=_LEVELS[kafka.monitoring],
            open_monitoring=_open_monitoring() if kafka.open_monitoring else None,
            logging_info=_logging(self._log_group(environment, key)) if standard else None,
            storage_mode="TIERED" if isinstance(kafka, MskKafka) and kafka.tiered else None,
        )
        cluster.apply_removal_policy(removal_policy(environment))
        if isinstance(kafka, MskKafka):
            scale_storage(self, kafka, cluster.attr_arn)
        else:
            acknowledge(cluster, "MSK6", reason="Express brokers give no logs away: MSK has no setting for it")
        if "scram" in kafka.auth and key is not None:
            ScramUser(self, environment, cluster_arn=cluster.attr_arn, key=key)
        let_firehose_connect(self, environment, cluster.attr_arn)
        add_topics(self, environment, cluster.attr_arn)
        self.made = MadeCluster(
            clients=groups.clients,
            bootstrap=msk_bootstrap(cluster.attr_arn),
            cluster_arn=cluster.attr_arn,
        )

    def _log_group(self, environment: Environment, key: kms.IKey | None) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Log",
            log_group_name=kafka_log_group_name(environment),
            encryption_key=key,
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a cluster that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


def _ports(kafka: MskKafka | MskExpressKafka) -> dict[int, str]:
    ports = {PORTS[way]: f"Kafka over TLS, clients that log in with {way}" for way in kafka.auth}
    return {**ports, **EXPORTER_PORTS} if kafka.open_monitoring else ports


def _connectivity(kafka: MskKafka | MskExpressKafka) -> msk.CfnCluster.ConnectivityInfoProperty:
    vpc = msk.CfnCluster.VpcConnectivityProperty(
        client_authentication=msk.CfnCluster.VpcConnectivityClientAuthenticationProperty(
            sasl=msk.CfnCluster.VpcConnectivitySaslProperty(iam=msk.CfnCluster.VpcConnectivityIamProperty(enabled=True))
        )
    )
    return msk.CfnCluster.ConnectivityInfoProperty(
        public_access=msk.CfnCluster.PublicAccessProperty(type="DISABLED"),
        vpc_connectivity=vpc if kafka.multi_vpc else None,
    )


def _client_authentication(kafka: MskKafka | MskExpressKafka) -> msk.CfnCluster.ClientAuthenticationProperty:
    return msk.CfnCluster.ClientAuthenticationProperty(
        sasl=msk.CfnCluster.SaslProperty(
            iam=msk.CfnCluster.IamProperty(enabled="iam" in kafka.auth),
            scram=msk.CfnCluster.ScramProperty(enabled="scram" in kafka.auth),
        ),
        tls=(
            msk.CfnCluster.TlsProperty(certificate_authority_arn_list=list(kafka.authorities), enabled=True)
            if "mtls" in kafka.auth
            else None
        ),
        unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
    )


def _open_monitoring() -> msk.CfnCluster.OpenMonitoringProperty:
    return msk.CfnCluster.OpenMonitoringProperty(
        prometheus=msk.CfnCluster.PrometheusProperty(
            jmx_exporter=msk.CfnCluster.JmxExporterProperty(enabled_in_broker=True),
            node_exporter=msk.CfnCluster.NodeExporterProperty(enabled_in_broker=True),
        )
    )


def _logging(group: logs.LogGroup) -> msk.CfnCluster.LoggingInfoProperty:
    return msk.CfnCluster.LoggingInfoProperty(
        broker_logs=msk.CfnCluster.BrokerLogsProperty(
            cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(enabled=True, log_group=group.log_group_name)
        )
    )
