"""Kafka on MSK, in its three kinds."""

import base64
import json
from typing import Any

import pytest

from environments.kafka.msk_storage import GIB
from stacks.kafka.msk.configuration import server_properties
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import GIVEN_NETWORK, OWN_KEY, PLAIN, Templates

THREE_ZONES = {"cidr": "10.1.0.0/20", "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}
MSK = {"kind": "msk", "brokers": 4}
EXPRESS = {"kind": "msk-express", "brokers": 3}
AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
READ_BY_FIREHOSE = {"copy": {"to": "s3", "source": {"topic": "orders", "start": "earliest"}}}


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Environments of each kind, in one synthesis with all checks: nothing is left to acknowledge."""
    from tests.stacks.synthesis import describe

    folder = tmp_path_factory.mktemp("msk")
    described: dict[str, dict[str, Any]] = {
        "standard": {
            "production": True,
            "security": {"key": OWN_KEY},
            "kafka": {
                **MSK,
                "auth": ["iam", "scram"],
                "instance": "kafka.m7g.4xlarge",
                "storage": "200GiB",
                "storage_autoscaling": {"max": "1TiB", "target": 70},
                "storage_throughput": "500MiB",
                "tiered": True,
                "settings": {"message.max.bytes": 2097152, "min.insync.replicas": 1},
                "open_monitoring": True,
                "multi_vpc": True,
            },
            "topics": {
                "orders": {"partitions": 6, "manage": "cloudformation", "retention": "infinite"},
                "clicks": {"partitions": 4, "name": "web.clicks"},
            },
            "deliveries": {**PLAIN["deliveries"], **READ_BY_FIREHOSE},
        },
        "smallest": {
            "kafka": {
                **MSK,
                "brokers": 2,
                "auth": ["iam", "mtls"],
                "authorities": [AUTHORITY],
                "monitoring": "default",
            },
            "topics": {name: {**topic, "replication": 2} for name, topic in PLAIN["topics"].items()},
        },
        "express": {"kafka": EXPRESS, "network": THREE_ZONES},
        "serverless": {"kafka": {"kind": "msk-serverless"}, "network": GIVEN_NETWORK},
    }
    environments = [describe(folder, name, **sections) for name, sections in described.items()]
    return Templates(environments, tmp_path_factory.mktemp("assembly"), check=True)


def cluster(templates: Templates, environment: str) -> dict[str, Any]:
    (found,) = templates.properties(environment, "kafka", "MSK::Cluster")
    return found


def test_brokers_speak_tls_only_and_are_never_public(clusters: Templates):
    for environment in ("standard", "smallest", "express"):
        made = cluster(clusters, environment)
        assert made["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
        assert made["BrokerNodeGroupInfo"]["ConnectivityInfo"]["PublicAccess"] == {"Type": "DISABLED"}
        assert made["ClientAuthentication"]["Unauthenticated"] == {"Enabled": False}


def test_a_cluster_follows_the_latest_revision_of_its_configuration(clusters: Templates):
    (configuration,) = clusters.resources("standard", "kafka", "MSK::Configuration")
    assert cluster(clusters, "standard")["ConfigurationInfo"] == {
        "Arn": {"Fn::GetAtt": [configuration, "Arn"]},
        "Revision": {"Fn::GetAtt": [configuration, "LatestRevision.Revision"]},
    }
    (properties,) = clusters.properties("standard", "kafka", "MSK::Configuration")
    assert "KafkaVersionsList" not in properties


def test_the_environments_own_properties_win_over_the_safe_ones(described: Describe):
    kafka = described(kafka={**MSK, "settings": {"min.insync.replicas": 1, "num.partitions": 3}}).kafka
    assert kafka.kind == "msk"
    assert server_properties(kafka) == {
        "auto.create.topics.enable": "false",
        "default.replication.factor": "3",
        "min.insync.replicas": "1",
        "num.partitions": "3",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "unclean.leader.election.enable": "false",
    }


def test_two_brokers_keep_taking_records_while_one_restarts(clusters: Templates):
    (properties,) = clusters.properties("smallest", "kafka", "MSK::Configuration")
    assert "default.replication.factor=2\nmin.insync.replicas=1\n" in properties["ServerProperties"]


def test_express_brokers_are_left_what_msk_sets_itself(clusters: Templates):
    made = cluster(clusters, "express")
    (properties,) = clusters.properties("express", "kafka", "MSK::Configuration")
    assert properties["ServerProperties"] == "auto.create.topics.enable=false\n"
    assert "StorageInfo" not in made["BrokerNodeGroupInfo"]
    assert "LoggingInfo" not in made
    assert not clusters.resources("express", "kafka", "Logs::LogGroup")


def test_storage_is_as_large_and_as_fast_as_it_says_and_grows_by_itself(clusters: Templates):
    assert cluster(clusters, "standard")["BrokerNodeGroupInfo"]["StorageInfo"] == {
        "EBSStorageInfo": {
            "VolumeSize": 200,
            "ProvisionedThroughput": {"Enabled": True, "VolumeThroughput": 500},
        }
    }
    assert cluster(clusters, "standard")["StorageMode"] == "TIERED"
    (target,) = clusters.properties("standard", "kafka", "ScalableTarget")
    (policy,) = clusters.properties("standard", "kafka", "ScalingPolicy")
    assert target["MaxCapacity"] == (1 << 40) // GIB
    assert target["ScalableDimension"] == "kafka:broker-storage:VolumeSize"
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "DisableScaleIn": True,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "KafkaBrokerStorageUtilization"},
        "TargetValue": 70,
    }
    assert not clusters.resources("smallest", "kafka", "ScalableTarget")


def test_brokers_fetch_from_each_other_with_more_threads_where_throughput_is_paid_for(clusters: Templates):
    (properties,) = clusters.properties("standard", "kafka", "MSK::Configuration")
    assert "num.replica.fetchers=4\n" in properties["ServerProperties"]


def test_each_way_to_log_in_is_there_with_its_port_and_no_other(clusters: Templates):
    ports = {
        environment: {each["FromPort"] for each in clusters.properties(environment, "kafka", "SecurityGroupIngress")}
        for environment in ("standard", "smallest", "express", "serverless")
    }
    assert ports == {
        "standard": {9096, 9098, 11001, 11002},
        "smallest": {9094, 9098},
        "express": {9098},
        "serverless": {9098},
    }
    assert cluster(clusters, "smallest")["ClientAuthentication"]["Tls"] == {
        "CertificateAuthorityArnList": [AUTHORITY],
        "Enabled": True,
    }


def test_brokers_let_in_the_group_of_clients_and_nobody_else(clusters: Templates):
    groups = clusters.resources("standard", "kafka", "EC2::SecurityGroup")
    (brokers,) = (key for key in groups if "Brokers" in key)
    (clients,) = (key for key in groups if "KafkaClients" in key)
    for each in clusters.properties("standard", "kafka", "SecurityGroupIngress"):
        assert each["GroupId"] == {"Fn::GetAtt": [brokers, "GroupId"]}
        assert each["SourceSecurityGroupId"] == {"Fn::GetAtt": [clients, "GroupId"]}
    assert not [each for each in groups.values() if "SecurityGroupIngress" in each["Properties"]]


def test_the_scram_user_lies_in_a_secret_that_msk_takes_under_the_environments_key(clusters: Templates):
    (secret,) = clusters.resources("standard", "kafka", "SecretsManager::Secret")
    (properties,) = clusters.properties("standard", "kafka", "SecretsManager::Secret")
    (association,) = clusters.properties("standard", "kafka", "BatchScramSecret")
    assert properties["Name"] == "AmazonMSK_streamops-standard-connectors"
    assert properties["KmsKeyId"] == OWN_KEY
    assert json.loads(properties["GenerateSecretString"]["SecretStringTemplate"]) == {"username": "connectors"}
    assert association["SecretArnList"] == [{"Ref": secret}]
    assert not clusters.resources("smallest", "kafka", "SecretsManager::Secret")


def test_data_is_under_the_environments_key(clusters: Templates):
    at_rest = cluster(clusters, "standard")["EncryptionInfo"]["EncryptionAtRest"]
    assert at_rest == {"DataVolumeKMSKeyId": OWN_KEY}
    assert "EncryptionAtRest" not in cluster(clusters, "smallest")["EncryptionInfo"]


def test_firehose_may_connect_where_a_delivery_reads_a_topic(clusters: Templates):
    (policy,) = clusters.properties("standard", "kafka", "ClusterPolicy")
    (statement,) = policy["Policy"]["Statement"]
    assert statement == {
        "Action": "kafka:CreateVpcConnection",
        "Effect": "Allow",
        "Principal": {"Service": "firehose.amazonaws.com"},
        "Resource": policy["ClusterArn"],
    }
    connectivity = cluster(clusters, "standard")["BrokerNodeGroupInfo"]["ConnectivityInfo"]
    assert connectivity["VpcConnectivity"] == {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}
    assert not clusters.resources("express", "kafka", "ClusterPolicy")
    assert "VpcConnectivity" not in cluster(clusters, "express")["BrokerNodeGroupInfo"]["ConnectivityInfo"]


def test_a_topic_of_cloudformation_is_kept_whatever_happens_to_the_template(clusters: Templates):
    (topic,) = clusters.resources("standard", "kafka", "MSK::Topic").values()
    assert (topic["DeletionPolicy"], topic["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert topic["Properties"]["TopicName"] == "orders"
    assert topic["Properties"]["PartitionCount"] == 6
    assert base64.b64decode(topic["Properties"]["Configs"]) == b"retention.ms=-1"


@pytest.mark.parametrize("environment", ["standard", "smallest", "express"])
def test_clients_are_sent_to_msk_for_the_addresses(clusters: Templates, environment: str):
    (made,) = clusters.resources(environment, "kafka", "MSK::Cluster")
    (parameter,) = clusters.properties(environment, "kafka", "SSM::Parameter")
    assert parameter["Name"] == f"/streamops/{environment}/kafka/bootstrap"
    assert parameter["Value"] == {"Fn::Join": ["", ["msk:", {"Fn::GetAtt": [made, "Arn"]}]]}


def test_serverless_knows_iam_alone_in_the_given_subnets(clusters: Templates):
    (made,) = clusters.properties("serverless", "kafka", "MSK::ServerlessCluster")
    assert made["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    (where,) = made["VpcConfigs"]
    assert where["SubnetIds"] == GIVEN_NETWORK["private_subnets"]


def test_a_cluster_in_production_takes_two_keys_to_lose(clusters: Templates):
    assert clusters.settings["standard", "kafka"]["terminationProtection"]
    kept = ("MSK::Cluster", "MSK::Configuration", "SecretsManager::Secret", "BatchScramSecret")
    for kind in kept:
        (each,) = clusters.resources("standard", "kafka", kind).values()
        assert each["DeletionPolicy"] == "RetainExceptOnCreate", kind
        assert each["UpdateReplacePolicy"] == "Retain", kind
    (smallest,) = clusters.resources("smallest", "kafka", "MSK::Cluster").values()
    assert smallest["DeletionPolicy"] == "Delete"


def test_an_external_cluster_has_no_stack(described: Describe, synthesized: Synthesize):
    assert "kafka" not in synthesized(described()).stacks("changed")
