"""One reader for each type of resource: what its service's API tells, under the names of its template properties."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3

Properties = dict[str, Any]
Read = Callable[[boto3.Session, str, Properties], Properties]

READERS: dict[str, Reader] = {}


class Reader:
    """Reads a type; `attributes` are those of its properties that `Fn::GetAtt` may ask for."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def attributes(self, session: boto3.Session, physical_id: str) -> Properties:
        return self.read(session, physical_id, {})


def reads(kind: str) -> Callable[[Read], Read]:
    def register(read: Read) -> Read:
        READERS[kind] = Reader(read)
        return read

    return register


@reads("AWS::Kinesis::Stream")
def stream(session: boto3.Session, name: str, _: Properties) -> Properties:
    kinesis = session.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    shards = kinesis.list_shards(StreamName=name)["Shards"]
    described = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    assert described["StreamModeDetails"] == summary["StreamModeDetails"]
    return {
        "Arn": summary["StreamARN"],
        "Name": summary["StreamName"],
        "ShardCount": sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards),
        "RetentionPeriodHours": summary["RetentionPeriodHours"],
        "StreamModeDetails": summary["StreamModeDetails"],
        "StreamEncryption": {"EncryptionType": summary["EncryptionType"], "KeyId": summary.get("KeyId")},
        "MaxRecordSizeInKiB": summary["MaxRecordSizeInKiB"],
        "WarmThroughputMiBps": summary.get("WarmThroughput", {}).get("TargetMiBps"),
        "RecordDistributionStrategy": summary.get("RecordDistributionStrategy"),
        "DesiredShardLevelMetrics": summary["EnhancedMonitoring"][0]["ShardLevelMetrics"],
        "Tags": kinesis.list_tags_for_stream(StreamName=name)["Tags"],
    }


@reads("AWS::Kinesis::StreamConsumer")
def stream_consumer(session: boto3.Session, arn: str, _: Properties) -> Properties:
    kinesis = session.client("kinesis")
    described = kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    listed = kinesis.list_stream_consumers(StreamARN=described["StreamARN"])["Consumers"]
    assert described["ConsumerName"] in {each["ConsumerName"] for each in listed}
    return {**described, "Tags": kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]}


@reads("AWS::Kinesis::ResourcePolicy")
def resource_policy(session: boto3.Session, arn: str, _: Properties) -> Properties:
    policy = session.client("kinesis").get_resource_policy(ResourceARN=arn)["Policy"]
    return {"ResourceArn": arn, "ResourcePolicy": json.loads(policy)}


@reads("AWS::ECS::Cluster")
def cluster(session: boto3.Session, name: str, _: Properties) -> Properties:
    include = ["SETTINGS", "TAGS", "CONFIGURATIONS"]
    found = session.client("ecs").describe_clusters(clusters=[name], include=include)["clusters"][0]
    return {**found, "ClusterSettings": found["settings"], "Arn": found["clusterArn"]}


@reads("AWS::ECS::TaskDefinition")
def task_definition(session: boto3.Session, arn: str, _: Properties) -> Properties:
    answer = session.client("ecs").describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return {**answer["taskDefinition"], "Tags": answer.get("tags", [])}


@reads("AWS::ECS::Service")
def service(session: boto3.Session, arn: str, _: Properties) -> Properties:
    owner = arn.split("/")[-2]
    answer = session.client("ecs").describe_services(cluster=owner, services=[arn], include=["TAGS"])
    found = answer["services"][0]
    return {**found, "Name": found["serviceName"], "Cluster": owner}


@reads("AWS::ApplicationAutoScaling::ScalableTarget")
def scalable_target(session: boto3.Session, name: str, _: Properties) -> Properties:
    scaling: Any = session.client("application-autoscaling")
    resource, dimension, namespace = name.split("|")
    (found,) = scaling.describe_scalable_targets(
        ServiceNamespace=namespace, ResourceIds=[resource], ScalableDimension=dimension
    )["ScalableTargets"]
    tags = scaling.list_tags_for_resource(ResourceARN=found["ScalableTargetARN"])["Tags"]
    return {**found, "Id": name, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@reads("AWS::ApplicationAutoScaling::ScalingPolicy")
def scaling_policy(session: boto3.Session, arn: str, _: Properties) -> Properties:
    scaling: Any = session.client("application-autoscaling")
    namespace = arn.split(":resource/")[1].split("/", maxsplit=1)[0]
    policies = scaling.describe_scaling_policies(ServiceNamespace=namespace)["ScalingPolicies"]
    (found,) = (policy for policy in policies if policy["PolicyARN"] == arn)
    target = "|".join(found[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    return {**found, "Arn": arn, "ScalingTargetId": target}


@reads("AWS::IAM::Role")
def role(session: boto3.Session, name: str, _: Properties) -> Properties:
    iam = session.client("iam")
    found = iam.get_role(RoleName=name)["Role"]
    inline = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        **found,
        "Policies": inline,
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "Tags": iam.list_role_tags(RoleName=name)["Tags"],
    }


@reads("AWS::IAM::Policy")
def policy(session: boto3.Session, _: str, expected: Properties) -> Properties:
    iam = session.client("iam")
    name = expected["PolicyName"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=name) for role in expected["Roles"]]
    assert all(one["PolicyDocument"] == found[0]["PolicyDocument"] for one in found)
    return {**found[0], "Roles": [one["RoleName"] for one in found]}


@reads("AWS::KMS::Key")
def key(session: boto3.Session, key_id: str, expected: Properties) -> Properties:
    kms = session.client("kms")
    found = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    rotation = kms.get_key_rotation_status(KeyId=key_id)
    return {
        **found,
        "EnableKeyRotation": rotation["KeyRotationEnabled"],
        "KeyPolicy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
        # KMS tells it of a key that waits for its deletion only.
        "PendingWindowInDays": expected.get("PendingWindowInDays"),
        "Tags": [
            {"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]
        ],
    }


@reads("AWS::KMS::Alias")
def alias(session: boto3.Session, name: str, expected: Properties) -> Properties:
    kms = session.client("kms")
    target = kms.describe_key(KeyId=name)["KeyMetadata"]
    named = "Arn" if str(expected.get("TargetKeyId")).startswith("arn:") else "KeyId"
    return {"AliasName": name, "TargetKeyId": target[named]}


@reads("AWS::SecretsManager::Secret")
def secret(session: boto3.Session, arn: str, expected: Properties) -> Properties:
    manager = session.client("secretsmanager")
    found = manager.describe_secret(SecretId=arn)
    value = manager.get_secret_value(SecretId=arn)["SecretString"]
    generated = expected.get("GenerateSecretString", {})
    if template := generated.get("SecretStringTemplate"):
        held = json.loads(value)
        assert len(held.pop(generated["GenerateStringKey"])) == generated["PasswordLength"]
        assert held == json.loads(template)
    return {**found, "SecretString": value, "GenerateSecretString": generated}


@reads("AWS::Logs::LogGroup")
def log_group(session: boto3.Session, name: str, _: Properties) -> Properties:
    logs = session.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    found = next(group for group in groups if group["logGroupName"] == name)
    arn = found["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    return {**found, "Arn": f"{arn}:*", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@reads("AWS::Logs::LogStream")
def log_stream(session: boto3.Session, name: str, expected: Properties) -> Properties:
    group = expected["LogGroupName"]
    answer = session.client("logs").describe_log_streams(logGroupName=group, logStreamNamePrefix=name)
    return {**answer["logStreams"][0], "LogGroupName": group}


@reads("AWS::S3::Bucket")
def bucket(session: boto3.Session, name: str, expected: Properties) -> Properties:
    s3: Any = session.client("s3")
    asked: dict[str, Callable[[], Any]] = {
        "BucketEncryption": lambda: _api_encryption(s3.get_bucket_encryption(Bucket=name)),
        "LifecycleConfiguration": lambda: s3.get_bucket_lifecycle_configuration(Bucket=name),
        "OwnershipControls": lambda: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        "PublicAccessBlockConfiguration": lambda: s3.get_public_access_block(Bucket=name)[
            "PublicAccessBlockConfiguration"
        ],
        "VersioningConfiguration": lambda: s3.get_bucket_versioning(Bucket=name),
        "Tags": lambda: s3.get_bucket_tagging(Bucket=name)["TagSet"],
    }
    found = {part: ask() for part, ask in asked.items() if part in expected}
    return {**found, "BucketName": name, "Arn": f"arn:aws:s3:::{name}"}


def _api_encryption(answer: Any) -> Properties:
    names = {"ApplyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault"}
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    renamed = [{names.get(name, name): part for name, part in rule.items()} for rule in rules]
    return {"ServerSideEncryptionConfiguration": renamed}


@reads("AWS::S3::BucketPolicy")
def bucket_policy(session: boto3.Session, name: str, _: Properties) -> Properties:
    document = session.client("s3").get_bucket_policy(Bucket=name)["Policy"]
    return {"Bucket": name, "PolicyDocument": json.loads(document)}


@reads("AWS::KinesisFirehose::DeliveryStream")
def delivery_stream(session: boto3.Session, name: str, _: Properties) -> Properties:
    firehose: Any = session.client("firehose")
    found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    (destination,) = found["Destinations"]
    encryption = found["DeliveryStreamEncryptionConfiguration"]
    return {
        **found,
        "Arn": found["DeliveryStreamARN"],
        "ExtendedS3DestinationConfiguration": destination["ExtendedS3DestinationDescription"],
        "DeliveryStreamEncryptionConfigurationInput": encryption if encryption["Status"] == "ENABLED" else {},
        "Tags": firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"],
    }


@reads("AWS::SSM::Parameter")
def parameter(session: boto3.Session, name: str, _: Properties) -> Properties:
    ssm = session.client("ssm")
    value = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    filters: Any = [{"Key": "Name", "Values": [name]}]
    described = ssm.describe_parameters(ParameterFilters=filters)["Parameters"][0]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    return {**described, **value, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}


@reads("AWS::EC2::VPC")
def vpc(session: boto3.Session, vpc_id: str, _: Properties) -> Properties:
    ec2 = session.client("ec2")
    found = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    dns = {
        "EnableDnsSupport": ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")["EnableDnsSupport"][
            "Value"
        ],
        "EnableDnsHostnames": ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")[
            "EnableDnsHostnames"
        ]["Value"],
    }
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    return {**found, **dns, "CidrBlock": found["CidrBlock"], "DefaultSecurityGroup": groups[0]["GroupId"]}


@reads("AWS::EC2::Subnet")
def subnet(session: boto3.Session, subnet_id: str, _: Properties) -> Properties:
    return dict(session.client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"][0])


@reads("AWS::EC2::RouteTable")
def route_table(session: boto3.Session, table: str, _: Properties) -> Properties:
    return dict(session.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0])


@reads("AWS::EC2::SubnetRouteTableAssociation")
def association(session: boto3.Session, _: str, expected: Properties) -> Properties:
    table = session.client("ec2").describe_route_tables(RouteTableIds=[expected["RouteTableId"]])["RouteTables"][0]
    return next(dict(one) for one in table["Associations"] if one.get("SubnetId") == expected["SubnetId"])


@reads("AWS::EC2::Route")
def route(session: boto3.Session, _: str, expected: Properties) -> Properties:
    tables = session.client("ec2").describe_route_tables(RouteTableIds=[expected["RouteTableId"]])
    wanted = expected["DestinationCidrBlock"]
    found = next(one for one in tables["RouteTables"][0]["Routes"] if one.get("DestinationCidrBlock") == wanted)
    return {**found, "RouteTableId": tables["RouteTables"][0]["RouteTableId"]}


@reads("AWS::EC2::InternetGateway")
def internet_gateway(session: boto3.Session, gateway: str, _: Properties) -> Properties:
    answer = session.client("ec2").describe_internet_gateways(InternetGatewayIds=[gateway])
    return dict(answer["InternetGateways"][0])


@reads("AWS::EC2::VPCGatewayAttachment")
def gateway_attachment(session: boto3.Session, _: str, expected: Properties) -> Properties:
    gateway = internet_gateway(session, expected["InternetGatewayId"], {})
    return {**gateway, "VpcId": gateway["Attachments"][0]["VpcId"]}


@reads("AWS::EC2::EIP")
def address(session: boto3.Session, public_ip: str, _: Properties) -> Properties:
    return dict(session.client("ec2").describe_addresses(PublicIps=[public_ip])["Addresses"][0])


@reads("AWS::EC2::NatGateway")
def nat_gateway(session: boto3.Session, gateway: str, _: Properties) -> Properties:
    found = session.client("ec2").describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]
    return {**found, "AllocationId": found["NatGatewayAddresses"][0]["AllocationId"]}


@reads("AWS::EC2::SecurityGroup")
def security_group(session: boto3.Session, group: str, _: Properties) -> Properties:
    found = session.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return {
        **found,
        "GroupDescription": found["Description"],
        "SecurityGroupIngress": _rules(found["IpPermissions"]),
        "SecurityGroupEgress": _rules(found["IpPermissionsEgress"]),
    }


@reads("AWS::EC2::SecurityGroupIngress")
def ingress(session: boto3.Session, _: str, expected: Properties) -> Properties:
    return _rule(session, expected, "IpPermissions")


@reads("AWS::EC2::SecurityGroupEgress")
def egress(session: boto3.Session, _: str, expected: Properties) -> Properties:
    return _rule(session, expected, "IpPermissionsEgress")


def _rule(session: boto3.Session, expected: Properties, side: str) -> Properties:
    groups: Any = session.client("ec2").describe_security_groups(GroupIds=[expected["GroupId"]])
    wanted = {name: value for name, value in expected.items() if name in ("IpProtocol", "FromPort", "ToPort")}
    for rule in _rules(groups["SecurityGroups"][0][side]):
        if all(str(rule.get(name)) == str(value) for name, value in wanted.items()):
            return {**rule, "GroupId": groups["SecurityGroups"][0]["GroupId"]}
    return {}


def _rules(permissions: Any) -> list[Properties]:
    """Security group rules one by one, as templates have them."""
    rules = []
    for permission in permissions:
        ports = {name: permission[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in permission}
        for spread, single in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            rules += [
                {**ports, single: one[single], "Description": one.get("Description")}
                for one in permission.get(spread, [])
            ]
        rules += [
            {
                **ports,
                "SourceSecurityGroupId": pair["GroupId"],
                "DestinationSecurityGroupId": pair["GroupId"],
                "Description": pair.get("Description"),
            }
            for pair in permission.get("UserIdGroupPairs", [])
        ]
    return rules


@reads("AWS::EC2::FlowLog")
def flow_log(session: boto3.Session, flow_log_id: str, _: Properties) -> Properties:
    found = session.client("ec2").describe_flow_logs(FlowLogIds=[flow_log_id])["FlowLogs"][0]
    kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}
    kind = kinds[found["ResourceId"].partition("-")[0]]
    return {**found, "ResourceType": kind, "DeliverLogsPermissionArn": found.get("DeliverLogsPermissionArn")}


@reads("AWS::EC2::VPCEndpoint")
def vpc_endpoint(session: boto3.Session, endpoint: str, _: Properties) -> Properties:
    found = session.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    groups = [group["GroupId"] for group in found.get("Groups", [])]
    # moto keeps no policy where none is given; EC2 makes one that allows everything.
    return {**found, "SecurityGroupIds": groups, "PolicyDocument": json.loads(found.get("PolicyDocument") or "{}")}
