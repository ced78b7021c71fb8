"""The role of one node: its own disk and interface, its certificate, its log, and a word to CloudFormation."""

from collections.abc import Iterator
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.naming import bootstrap_parameter_name
from stacks.checks import acknowledge

SESSION = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
"""What Session Manager needs of a machine, and no more than that.

https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
"""


@dataclass(frozen=True, kw_only=True)
class NodeResources:
    """What a node may use, by ARN or id."""

    group_name: str
    volume_id: str
    interface_id: str
    authority_arn: str
    log_streams: str
    """ARN of the node's own log streams, a pattern."""
    secrets: tuple[str, ...]


def node_role(
    scope: Construct, environment: Environment, kafka: Ec2Kafka, resources: NodeResources, *, key: kms.IKey | None
) -> iam.Role:
    """Add the role of a node, with literally what its user data and its health agent call.

    EC2 hands a role to machines of its own account only, by an instance profile that somebody there
    was allowed to pass, so its trust needs no further condition.
    """
    role = iam.Role(
        scope,
        "Role",
        description=f"What {resources.group_name} may do",
        assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        inline_policies={
            "Node": iam.PolicyDocument(
                statements=[
                    *_attach(environment, resources),
                    *_lifecycle(environment, resources),
                    *_start(environment, kafka, resources),
                    *(_key(environment, key) if key else ()),
                    iam.PolicyStatement(actions=list(SESSION), resources=["*"]),
                ]
            )
        },
    )
    acknowledge(
        role,
        "IAM5",
        findings=["Resource::*"],
        reason="the calls of Session Manager know no resource; they open no port, and IAM says who may use them",
    )
    acknowledge(
        role,
        "IAM5",
        findings=[f"Resource::{_instances(environment)}"],
        reason="machines of the node's group come and go; the condition names the group",
    )
    acknowledge(
        role,
        "IAM5",
        findings=[f"Resource::{_group(environment, resources)}"],
        reason="the ARN of a group has an id in it that nobody knows before; the name behind it is the node's own",
    )
    acknowledge(
        role,
        "IAM5",
        findings=[f"Resource::{resources.log_streams}"],
        reason="the log streams of a node begin with the node's own name",
    )
    return role


def _attach(environment: Environment, resources: NodeResources) -> Iterator[iam.PolicyStatement]:
    scope = f"arn:{environment.partition}:ec2:{environment.region}:{environment.account}"
    own = (
        ("ec2:AttachVolume", f"{scope}:volume/{resources.volume_id}"),
        ("ec2:AttachNetworkInterface", f"{scope}:network-interface/{resources.interface_id}"),
    )
    for action, resource in own:
        yield iam.PolicyStatement(actions=[action], resources=[resource])
    # Attaching names the machine as well. Only Auto Scaling sets this tag, so nobody else can claim to be of the group.
    yield iam.PolicyStatement(
        actions=[action for action, _ in own],
        resources=[_instances(environment)],
        conditions={"StringEquals": {"aws:ResourceTag/aws:autoscaling:groupName": resources.group_name}},
    )


def _lifecycle(environment: Environment, resources: NodeResources) -> Iterator[iam.PolicyStatement]:
    yield iam.PolicyStatement(actions=["cloudformation:SignalResource"], resources=[cdk.Aws.STACK_ID])
    yield iam.PolicyStatement(
        actions=["autoscaling:CompleteLifecycleAction"], resources=[_group(environment, resources)]
    )
    parameter = bootstrap_parameter_name(environment.name)
    yield iam.PolicyStatement(
        actions=["ssm:GetParameter"],
        resources=[f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}:parameter{parameter}"],
    )


def _start(environment: Environment, kafka: Ec2Kafka, resources: NodeResources) -> Iterator[iam.PolicyStatement]:
    yield iam.PolicyStatement(
        actions=["acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificate"], resources=[resources.authority_arn]
    )
    yield iam.PolicyStatement(
        actions=["acm-pca:IssueCertificate"],
        resources=[resources.authority_arn],
        conditions={
            "StringEquals": {
                # Certificates of servers and clients: never one of another authority.
                "acm-pca:TemplateArn": f"arn:{environment.partition}:acm-pca:::template/EndEntityCertificate/V1"
            }
        },
    )
    yield iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[resources.log_streams],
    )
    if resources.secrets:
        yield iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=list(resources.secrets))
    objects = [
        f"arn:{environment.partition}:s3:::{artifact.url.removeprefix('s3://')}"
        for artifact in (kafka.distribution, kafka.exporter)
        if artifact is not None and artifact.url.startswith("s3://")
    ]
    if objects:
        yield iam.PolicyStatement(actions=["s3:GetObject"], resources=objects)


def _key(environment: Environment, key: kms.IKey) -> Iterator[iam.PolicyStatement]:
    """What it takes to attach a volume and to read a secret that the environment's key encrypts.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    """
    domain = "amazonaws.com.cn" if environment.partition == "aws-cn" else "amazonaws.com"
    yield iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=[key.key_arn],
        conditions={
            "StringEquals": {
                "kms:ViaService": [f"{service}.{environment.region}.{domain}" for service in ("ec2", "secretsmanager")]
            }
        },
    )
    yield iam.PolicyStatement(
        actions=["kms:CreateGrant"],
        resources=[key.key_arn],
        conditions={
            "StringEquals": {"kms:ViaService": f"ec2.{environment.region}.{domain}"},
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    )


def _instances(environment: Environment) -> str:
    return f"arn:{environment.partition}:ec2:{environment.region}:{environment.account}:instance/*"


def _group(environment: Environment, resources: NodeResources) -> str:
    scope = f"arn:{environment.partition}:autoscaling:{environment.region}:{environment.account}"
    return f"{scope}:autoScalingGroup:*:autoScalingGroupName/{resources.group_name}"
