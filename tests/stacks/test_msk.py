"""Kafka on MSK, in its three kinds."""

import base64
import json
from typing import Any

import pytest

from environments.kafka.msk_storage import GIB
from stacks.kafka.msk.configuration import server_properties
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import GIVEN_NETWORK, OWN_KEY, PLAIN, Templates
from tests.stacks.variants import AUTHORITY


def cluster(templates: Templates, environment: str) -> dict[str, Any]:
    (found,) = templates.properties(environment, "kafka", "MSK::Cluster")
    return found


def test_brokers_speak_tls_only_and_are_never_public(templates: Templates):
    for environment in ("msk", "express"):
        made = cluster(templates, environment)
        assert made["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
        assert made["BrokerNodeGroupInfo"]["ConnectivityInfo"]["PublicAccess"] == {"Type": "DISABLED"}
        assert made["ClientAuthentication"]["Unauthenticated"] == {"Enabled": False}


def test_a_cluster_follows_the_latest_revision_of_its_configuration(templates: Templates):
    (configuration,) = templates.resources("msk", "kafka", "MSK::Configuration")
    assert cluster(templates, "msk")["ConfigurationInfo"] == {
        "Arn": {"Fn::GetAtt": [configuration, "Arn"]},
        "Revision": {"Fn::GetAtt": [configuration, "LatestRevision.Revision"]},
    }
    (properties,) = templates.properties("msk", "kafka", "MSK::Configuration")
    assert "KafkaVersionsList" not in properties


def test_the_environments_own_properties_win_over_the_safe_ones(described: Describe):
    kafka = described(
        kafka={"kind": "msk", "brokers": 4, "settings": {"min.insync.replicas": 1, "num.partitions": 3}}
    ).kafka
    assert kafka.kind == "msk"
    assert server_properties(kafka) == {
        "auto.create.topics.enable": "false",
        "default.replication.factor": "3",
        "min.insync.replicas": "1",
        "num.partitions": "3",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "unclean.leader.election.enable": "false",
    }


def test_two_brokers_keep_taking_records_while_one_restarts(described: Describe):
    topics = {name: {**topic, "replication": 2} for name, topic in PLAIN["topics"].items()}
    kafka = described(kafka={"kind": "msk", "brokers": 2}, topics=topics).kafka
    assert kafka.kind == "msk"
    made = server_properties(kafka)
    assert (made["default.replication.factor"], made["min.insync.replicas"]) == ("2", "1")


def test_express_brokers_are_left_what_msk_sets_itself(templates: Templates):
    made = cluster(templates, "express")
    (properties,) = templates.properties("express", "kafka", "MSK::Configuration")
    assert properties["ServerProperties"] == "auto.create.topics.enable=false\n"
    assert "StorageInfo" not in made["BrokerNodeGroupInfo"]
    assert "LoggingInfo" not in made
    assert not templates.resources("express", "kafka", "Logs::LogGroup")


def test_storage_is_as_large_and_as_fast_as_it_says_and_grows_by_itself(templates: Templates):
    assert cluster(templates, "msk")["BrokerNodeGroupInfo"]["StorageInfo"] == {
        "EBSStorageInfo": {
            "VolumeSize": 200,
            "ProvisionedThroughput": {"Enabled": True, "VolumeThroughput": 500},
        }
    }
    assert cluster(templates, "msk")["StorageMode"] == "TIERED"
    (target,) = templates.properties("msk", "kafka", "ScalableTarget")
    (policy,) = templates.properties("msk", "kafka", "ScalingPolicy")
    assert target["MaxCapacity"] == (1 << 40) // GIB
    assert target["ScalableDimension"] == "kafka:broker-storage:VolumeSize"
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "DisableScaleIn": True,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "KafkaBrokerStorageUtilization"},
        "TargetValue": 70,
    }
    assert not templates.resources("express", "kafka", "ScalableTarget")


def test_brokers_fetch_from_each_other_with_more_threads_where_throughput_is_paid_for(templates: Templates):
    (properties,) = templates.properties("msk", "kafka", "MSK::Configuration")
    assert "num.replica.fetchers=4\n" in properties["ServerProperties"]


def test_each_way_to_log_in_is_there_with_its_port_and_no_other(templates: Templates):
    ports = {
        environment: {each["FromPort"] for each in templates.properties(environment, "kafka", "SecurityGroupIngress")}
        for environment in ("msk", "express", "serverless")
    }
    assert ports == {
        "msk": {9096, 9098, 11001, 11002},
        "express": {9094, 9098},
        "serverless": {9098},
    }
    assert cluster(templates, "express")["ClientAuthentication"]["Tls"] == {
        "CertificateAuthorityArnList": [AUTHORITY],
        "Enabled": True,
    }


def test_brokers_let_in_the_group_of_clients_and_nobody_else(templates: Templates):
    groups = templates.resources("msk", "kafka", "EC2::SecurityGroup")
    (brokers,) = (key for key in groups if "Brokers" in key)
    (clients,) = (key for key in groups if "KafkaClients" in key)
    for each in templates.properties("msk", "kafka", "SecurityGroupIngress"):
        assert each["GroupId"] == {"Fn::GetAtt": [brokers, "GroupId"]}
        assert each["SourceSecurityGroupId"] == {"Fn::GetAtt": [clients, "GroupId"]}
    assert not [each for each in groups.values() if "SecurityGroupIngress" in each["Properties"]]


def test_the_scram_user_lies_in_a_secret_that_msk_takes_under_the_environments_key(templates: Templates):
    (secret,) = templates.resources("msk", "kafka", "SecretsManager::Secret")
    (properties,) = templates.properties("msk", "kafka", "SecretsManager::Secret")
    (association,) = templates.properties("msk", "kafka", "BatchScramSecret")
    assert properties["Name"] == "AmazonMSK_streamops-msk-connectors"
    assert properties["KmsKeyId"] == OWN_KEY
    assert json.loads(properties["GenerateSecretString"]["SecretStringTemplate"]) == {"username": "connectors"}
    assert association["SecretArnList"] == [{"Ref": secret}]
    assert not templates.resources("express", "kafka", "SecretsManager::Secret")


def test_data_is_under_the_environments_key(templates: Templates):
    at_rest = cluster(templates, "msk")["EncryptionInfo"]["EncryptionAtRest"]
    assert at_rest == {"DataVolumeKMSKeyId": OWN_KEY}
    assert "EncryptionAtRest" not in cluster(templates, "express")["EncryptionInfo"]


def test_firehose_may_connect_where_a_delivery_reads_a_topic(templates: Templates):
    (policy,) = templates.properties("msk", "kafka", "ClusterPolicy")
    (statement,) = policy["Policy"]["Statement"]
    assert statement == {
        "Action": "kafka:CreateVpcConnection",
        "Effect": "Allow",
        "Principal": {"Service": "firehose.amazonaws.com"},
        "Resource": policy["ClusterArn"],
    }
    connectivity = cluster(templates, "msk")["BrokerNodeGroupInfo"]["ConnectivityInfo"]
    assert connectivity["VpcConnectivity"] == {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}
    assert not templates.resources("express", "kafka", "ClusterPolicy")
    assert "VpcConnectivity" not in cluster(templates, "express")["BrokerNodeGroupInfo"]["ConnectivityInfo"]


def test_a_topic_of_cloudformation_is_kept_whatever_happens_to_the_template(templates: Templates):
    (topic,) = templates.resources("msk", "kafka", "MSK::Topic").values()
    assert (topic["DeletionPolicy"], topic["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert topic["Properties"]["TopicName"] == "orders"
    assert topic["Properties"]["PartitionCount"] == 6
    assert base64.b64decode(topic["Properties"]["Configs"]) == b"retention.ms=-1"


@pytest.mark.parametrize("environment", ["msk", "express"])
def test_clients_are_sent_to_msk_for_the_addresses(templates: Templates, environment: str):
    (made,) = templates.resources(environment, "kafka", "MSK::Cluster")
    (parameter,) = templates.properties(environment, "kafka", "SSM::Parameter")
    assert parameter["Name"] == f"/streamops/{environment}/kafka/bootstrap"
    assert parameter["Value"] == {"Fn::Join": ["", ["msk:", {"Fn::GetAtt": [made, "Arn"]}]]}


def test_serverless_knows_iam_alone_in_the_given_subnets(templates: Templates):
    (made,) = templates.properties("serverless", "kafka", "MSK::ServerlessCluster")
    assert made["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    (where,) = made["VpcConfigs"]
    assert where["SubnetIds"] == GIVEN_NETWORK["private_subnets"]


def test_a_cluster_in_production_takes_two_keys_to_lose(templates: Templates):
    assert templates.settings["msk", "kafka"]["terminationProtection"]
    kept = ("MSK::Cluster", "MSK::Configuration", "SecretsManager::Secret", "BatchScramSecret")
    for kind in kept:
        (each,) = templates.resources("msk", "kafka", kind).values()
        assert each["DeletionPolicy"] == "RetainExceptOnCreate", kind
        assert each["UpdateReplacePolicy"] == "Retain", kind
    (express,) = templates.resources("express", "kafka", "MSK::Cluster").values()
    assert express["DeletionPolicy"] == "Delete"


def test_an_external_cluster_has_no_stack(templates: Templates):
    assert "kafka" not in templates.stacks("plain")


def test_a_connector_may_read_its_topic_write_its_dead_letters_and_ask_for_the_brokers(templates: Templates):
    (role,) = (
        each["Properties"]
        for key, each in templates.resources("msk", "connectors", "IAM::Role").items()
        if "TaskRole" in key
    )
    (document,) = (each["PolicyDocument"] for each in role["Policies"])
    allowed: dict[str, list[Any]] = {}
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in actions:
            allowed.setdefault(action, []).append(statement["Resource"])
    kafka = {action: resources for action, resources in allowed.items() if action.startswith("kafka")}
    arn = kafka["kafka-cluster:Connect"][0]
    assert "Fn::GetStackOutput" in arn

    def inside(kind: str, name: str) -> dict[str, Any]:
        uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::Sub": ["${Cluster}", {"Cluster": arn}]}]}]}
        return {"Fn::Join": ["", [f"arn:aws:kafka:eu-west-1:111122223333:{kind}/streamops-msk/", uuid, f"/{name}"]]}

    orders, clicks = inside("topic", "orders"), inside("topic", "web.clicks")
    group = inside("group", "streamops-msk-orders-to-stream")
    assert kafka == {
        "kafka:GetBootstrapBrokers": [arn],
        "kafka-cluster:Connect": [arn],
        "kafka-cluster:WriteDataIdempotently": [arn],
        "kafka-cluster:DescribeTopic": [orders, clicks],
        "kafka-cluster:DescribeTopicDynamicConfiguration": [orders, clicks],
        "kafka-cluster:ReadData": [orders],
        "kafka-cluster:AlterGroup": [group],
        "kafka-cluster:DescribeGroup": [group],
        "kafka-cluster:WriteData": [clicks],
    }
    assert allowed["ssm:GetParameter"] == ["arn:aws:ssm:eu-west-1:111122223333:parameter/streamops/msk/kafka/bootstrap"]
