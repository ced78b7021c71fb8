"""Types of resources: each keeps every property of its template, and moto's own does not."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest

from sandbox.aws.cloudformation.resources import OWN_TYPES
from tests.sandbox.aws.properties import compare
from tests.sandbox.aws.stacks import Template, deploy, failures, stream, template

ENCRYPTED = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}],
}
TAGS = [{"Key": "team", "Value": "data"}]
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True, "Tags": TAGS}}


def scaled(least: int, most: int, *, cpu: int | None = None, tags: list[dict[str, str]] = TAGS) -> dict[str, Template]:
    """A service whose number of tasks is left to autoscaling."""
    resources: dict[str, Template] = {
        "C": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "scaled"}},
        "T": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Memory": "512", "ContainerDefinitions": [{"Name": "c", "Image": "i"}]},
        },
        "S": {
            "Type": "AWS::ECS::Service",
            "Properties": {"Cluster": {"Ref": "C"}, "ServiceName": "s", "TaskDefinition": {"Ref": "T"}},
        },
        "R": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "MinCapacity": least,
                "MaxCapacity": most,
                "ResourceId": {"Fn::Join": ["/", ["service", {"Ref": "C"}, {"Fn::GetAtt": ["S", "Name"]}]]},
                "RoleARN": "arn:aws:iam::111122223333:role/scaling",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ServiceNamespace": "ecs",
                "Tags": tags,
            },
        },
    }
    if cpu is not None:
        resources["P"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "R"},
                "TargetTrackingScalingPolicyConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                    "TargetValue": cpu,
                },
            },
        }
    return resources


def bucket(**properties: object) -> Template:
    """A bucket as the project's stacks make them."""
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            **properties,
        },
    }


def key(**properties: object) -> Template:
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": {"Ref": "AWS::AccountId"}}}
    given = {"KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]}, "EnableKeyRotation": True, **properties}
    return {"Type": "AWS::KMS::Key", "Properties": {"Description": "d", **given}}


def consumer(name: str, **properties: object) -> Template:
    """A consumer that is registered with the stream S."""
    given = {"ConsumerName": name, "StreamARN": {"Fn::GetAtt": ["S", "Arn"]}, **properties}
    return {"Type": "AWS::Kinesis::StreamConsumer", "Properties": given}


def shared(resource: str, arn: str, action: str) -> Template:
    """The policy of a stream or a consumer."""
    place = {"Fn::GetAtt": [resource, arn]}
    statement = {
        "Effect": "Allow",
        "Action": action,
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Resource": place,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::Kinesis::ResourcePolicy", "Properties": {"ResourceArn": place, "ResourcePolicy": policy}}


TLS_ONLY = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Principal": {"AWS": "*"},
    "Resource": [{"Fn::GetAtt": ["B", "Arn"]}],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def delivery_stream(bucket_arn: object, destination: Template | None = None, **properties: object) -> Template:
    """A delivery stream as the project's stacks make them."""
    return {
        "Type": "AWS::KinesisFirehose::DeliveryStream",
        "Properties": {
            "DeliveryStreamName": "archive",
            "DeliveryStreamType": "DirectPut",
            "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"},
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": bucket_arn,
                "RoleARN": "arn:aws:iam::111122223333:role/firehose",
                "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
                "CompressionFormat": "GZIP",
                "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
                "Prefix": "flights/!{timestamp:yyyy/MM/dd}/",
                "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
                **(destination or {}),
            },
            **properties,
        },
    }


SIMPLE: dict[str, Callable[[], dict[str, Template]]] = {
    "AWS::Kinesis::Stream": lambda: {"S": stream("s", StreamEncryption=ENCRYPTED, Tags=TAGS)},
    "AWS::Kinesis::StreamConsumer": lambda: {"S": stream("s"), "C": consumer("dashboard", Tags=TAGS)},
    "AWS::Kinesis::ResourcePolicy": lambda: {
        "S": stream("s"),
        "C": consumer("dashboard"),
        "P": shared("S", "Arn", "kinesis:GetRecords"),
        "Q": shared("C", "ConsumerARN", "kinesis:SubscribeToShard"),
    },
    "AWS::ECS::Cluster": lambda: {
        "C": {
            "Type": "AWS::ECS::Cluster",
            "Properties": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enhanced"}]},
        }
    },
    "AWS::ECS::TaskDefinition": lambda: {
        "T": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Cpu": "256",
                "Memory": "512",
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
                "TaskRoleArn": "arn:aws:iam::111122223333:role/r",
                "ContainerDefinitions": [{"Name": "c", "Image": "i", "DockerLabels": {"A.b": "c"}}],
            },
        }
    },
    "AWS::ECS::Service": lambda: {
        "C": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "c"}},
        "T": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Memory": "512", "ContainerDefinitions": [{"Name": "c", "Image": "i"}]},
        },
        "S": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "C"},
                "TaskDefinition": {"Ref": "T"},
                "LaunchType": "FARGATE",
                "DesiredCount": 2,
                "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
            },
        },
    },
    "AWS::ApplicationAutoScaling::ScalableTarget": lambda: scaled(2, 4),
    "AWS::ApplicationAutoScaling::ScalingPolicy": lambda: scaled(1, 4, cpu=60),
    "AWS::IAM::Role": lambda: {
        "R": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "p", "PolicyDocument": POLICY}],
            },
        }
    },
    "AWS::KMS::Key": lambda: {"K": key(Tags=TAGS)},
    "AWS::SecretsManager::Secret": lambda: {
        "K": key(),
        "S": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "login",
                "Description": "d",
                "KmsKeyId": {"Fn::GetAtt": ["K", "Arn"]},
                "GenerateSecretString": {
                    "SecretStringTemplate": '{"username": "connectors"}',
                    "GenerateStringKey": "password",
                    "PasswordLength": 40,
                    "ExcludePunctuation": True,
                },
                "Tags": TAGS,
            },
        },
    },
    "AWS::Logs::LogStream": lambda: {
        "G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "group"}},
        "S": {
            "Type": "AWS::Logs::LogStream",
            "Properties": {"LogGroupName": {"Ref": "G"}, "LogStreamName": "destination"},
        },
    },
    "AWS::S3::Bucket": lambda: {"B": bucket(Tags=TAGS)},
    "AWS::S3::BucketPolicy": lambda: {
        "B": bucket(),
        "P": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": {**POLICY, "Statement": [TLS_ONLY]}},
        },
    },
    "AWS::KinesisFirehose::DeliveryStream": lambda: {
        "B": bucket(),
        "D": delivery_stream({"Fn::GetAtt": ["B", "Arn"]}, Tags=TAGS),
    },
    "AWS::SSM::Parameter": lambda: {
        "P": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": "v", "Tier": "Advanced", "Tags": {"team": "data"}},
        }
    },
    "AWS::EC2::VPC": lambda: {"V": VPC},
    "AWS::EC2::RouteTable": lambda: {
        "V": VPC,
        "T": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "V"}, "Tags": TAGS}},
    },
    "AWS::EC2::InternetGateway": lambda: {"G": {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": TAGS}}},
    "AWS::EC2::EIP": lambda: {"A": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": TAGS}}},
    "AWS::EC2::SecurityGroup": lambda: {
        "V": VPC,
        "G": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "d",
                "VpcId": {"Ref": "V"},
                "SecurityGroupIngress": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16", "Description": "why"}
                ],
            },
        },
    },
}


@pytest.mark.parametrize("kind", SIMPLE)
def test_a_type_keeps_every_property(session: boto3.Session, kind: str) -> None:
    deployed = deploy(session, "stack", template(**SIMPLE[kind]()))
    assert deployed["StackStatus"] == "CREATE_COMPLETE", failures(session, deployed["StackId"])
    assert compare("stack", session) == []
    session.client("cloudformation").delete_stack(StackName="stack")


@pytest.mark.parametrize("kind", SIMPLE)
def test_the_comparison_sees_what_motos_own_type_loses(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.delitem(OWN_TYPES, kind)
    deployed = deploy(session, "stack", template(**SIMPLE[kind]()))
    lost = compare("stack", session) if deployed["StackStatus"] == "CREATE_COMPLETE" else ["failed"]
    assert lost


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"RetentionPeriodHours": 24}, {"RetentionPeriodHours": 8760}),
        ({"RetentionPeriodHours": 72}, {"RetentionPeriodHours": 48}),
        ({"ShardCount": 4}, {"ShardCount": 6}),
        ({"ShardCount": 4}, {"ShardCount": 2}),
        ({"StreamEncryption": ENCRYPTED}, {"Tags": TAGS}),
        ({"Tags": TAGS}, {"StreamEncryption": ENCRYPTED, "Tags": [{"Key": "team", "Value": "other"}]}),
        ({"DesiredShardLevelMetrics": ["IncomingBytes"]}, {"DesiredShardLevelMetrics": ["OutgoingBytes"]}),
        ({"MaxRecordSizeInKiB": 1024}, {"MaxRecordSizeInKiB": 10240}),
    ],
)
def test_a_stream_follows_its_template(session: boto3.Session, first: Template, second: Template) -> None:
    deploy(session, "stack", template(S=stream("s", **first)))
    assert compare("stack", session) == []
    assert deploy(session, "stack", template(S=stream("s", **second)))["StackStatus"] == "UPDATE_COMPLETE"
    assert compare("stack", session) == []
    found = session.client("kinesis").list_tags_for_stream(StreamName="s")["Tags"]
    assert found == second.get("Tags", [])


def test_on_demand_begins_with_four_shards_and_a_switch_of_mode_keeps_them(session: boto3.Session) -> None:
    on_demand = {
        "Type": "AWS::Kinesis::Stream",
        "Properties": {"Name": "s", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
    }
    deploy(session, "stack", template(S=on_demand))
    assert compare("stack", session) == []
    kinesis = session.client("kinesis")
    assert kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["OpenShardCount"] == 4
    deploy(session, "stack", template(S=stream("s", ShardCount=4, StreamModeDetails={"StreamMode": "PROVISIONED"})))
    assert compare("stack", session) == []
    deploy(session, "stack", template(S=on_demand))
    assert compare("stack", session) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Tags": TAGS}, {"Tags": [{"Key": "team", "Value": "other"}]}),
        ({"Tags": TAGS}, {}),
        ({}, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (
            {"LifecycleConfiguration": {"Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 7}]}},
            {
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}]
                }
            },
        ),
    ],
)
def test_a_bucket_follows_its_template(session: boto3.Session, first: Template, second: Template) -> None:
    deploy(session, "stack", template(B=bucket(**first)))
    deploy(session, "stack", template(B=bucket(**second)))
    assert compare("stack", session) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Prefix": "a/"}, {"Prefix": "b/!{timestamp:yyyy}/"}),
        ({"CompressionFormat": "GZIP"}, {"CompressionFormat": "UNCOMPRESSED"}),
        ({"BufferingHints": {"SizeInMBs": 1}}, {"BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900}}),
    ],
)
def test_a_delivery_stream_follows_its_template(session: boto3.Session, first: Template, second: Template) -> None:
    deploy(session, "stack", template(D=delivery_stream("arn:aws:s3:::b", first, Tags=TAGS)))
    assert compare("stack", session) == []
    plain = delivery_stream("arn:aws:s3:::b", second)
    del plain["Properties"]["DeliveryStreamEncryptionConfigurationInput"]
    assert deploy(session, "stack", template(D=plain))["StackStatus"] == "UPDATE_COMPLETE"
    assert compare("stack", session) == []
    found = session.client("firehose").describe_delivery_stream(DeliveryStreamName="archive")
    described = found["DeliveryStreamDescription"]
    assert described["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"
    assert described["VersionId"] == "2"
    assert session.client("firehose").list_tags_for_delivery_stream(DeliveryStreamName="archive")["Tags"] == []


@pytest.mark.parametrize(
    "resource",
    [
        bucket(ReplicationConfiguration={}),
        delivery_stream("arn:aws:s3:::b", MSKSourceConfiguration={}, DeliveryStreamType="MSKAsSource"),
        delivery_stream("arn:aws:s3:::b", DirectPutSourceConfiguratio={}),
        delivery_stream("arn:aws:s3:::b", {"DynamicPartitioningConfiguration": {"Enabled": True}}),
        delivery_stream("arn:aws:s3:::b", {"CompressionFormat": "Snappy"}),
        {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {"RedshiftDestinationConfiguration": {"ClusterJDBCURL": "jdbc:redshift://h:5439/d"}},
        },
    ],
)
def test_what_would_get_lost_or_not_be_done_fails_the_stack(session: boto3.Session, resource: Template) -> None:
    deployed = deploy(session, "stack", template(R=resource))
    assert deployed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "stand-in" in failures(session, deployed["StackId"])["R"]


def test_a_key_follows_its_template_and_waits_for_its_deletion(session: boto3.Session) -> None:
    kms = session.client("kms")
    before = key(Tags=TAGS)
    after = key(Description="e", EnableKeyRotation=False, PendingWindowInDays=7)
    alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/a", "TargetKeyId": {"Ref": "K"}}}
    deploy(session, "stack", template(K=before, A=alias))
    assert compare("stack", session) == []
    assert deploy(session, "stack", template(K=after, A=alias))["StackStatus"] == "UPDATE_COMPLETE"
    assert compare("stack", session) == []
    (named,) = kms.list_keys()["Keys"]
    session.client("cloudformation").delete_stack(StackName="stack")
    assert kms.describe_key(KeyId=named["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "alias/a" not in {found["AliasName"] for found in kms.list_aliases()["Aliases"]}


def test_a_generated_secret_keeps_its_value_through_an_update_and_its_name_is_free_again(
    session: boto3.Session,
) -> None:
    manager = session.client("secretsmanager")

    def body(description: str) -> str:
        generated = {"SecretStringTemplate": "{}", "GenerateStringKey": "password", "PasswordLength": 40}
        properties = {"Name": "login", "Description": description, "GenerateSecretString": generated}
        return template(S={"Type": "AWS::SecretsManager::Secret", "Properties": properties})

    deploy(session, "stack", body("first"))
    value = manager.get_secret_value(SecretId="login")["SecretString"]
    assert deploy(session, "stack", body("second"))["StackStatus"] == "UPDATE_COMPLETE"
    assert compare("stack", session) == []
    assert manager.get_secret_value(SecretId="login")["SecretString"] == value
    session.client("cloudformation").delete_stack(StackName="stack")
    assert deploy(session, "stack", body("again"))["StackStatus"] == "CREATE_COMPLETE"
    assert manager.get_secret_value(SecretId="login")["SecretString"] != value
