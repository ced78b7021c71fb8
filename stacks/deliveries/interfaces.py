"""The network interfaces by which Firehose reaches a domain or a collection in the VPC."""

from collections.abc import Iterator

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from environments import Environment
from environments.naming import delivery_name
from stacks.deliveries.grants import Grant, grant_wildcard
from stacks.network.placement import Placement

HTTPS = 443


class Interfaces:
    """Interfaces in the private subnets, with a security group of the delivery's own.

    A domain that is given has to let this group in; one that is made does.
    """

    def __init__(self, scope: Construct, environment: Environment, delivery: str, placement: Placement) -> None:
        self._environment = environment
        self._subnets = placement.vpc.select_subnets(
            subnet_group_name=placement.subnets.subnet_group_name, subnet_type=placement.subnets.subnet_type
        ).subnet_ids
        self.group = ec2.SecurityGroup(
            scope,
            "SecurityGroup",
            vpc=placement.vpc,
            security_group_name=f"{delivery_name(environment, delivery)}-firehose",
            description=f"Firehose of the delivery {delivery}",
            allow_all_outbound=False,
        )
        self.group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "OpenSearch")

    def configuration(self, role: iam.IRole) -> firehose.CfnDeliveryStream.VpcConfigurationProperty:
        """Return how Firehose is told of them."""
        return firehose.CfnDeliveryStream.VpcConfigurationProperty(
            role_arn=role.role_arn, subnet_ids=self._subnets, security_group_ids=[self.group.security_group_id]
        )

    def grants(self) -> Iterator[Grant]:
        """Yield what making and removing interfaces takes; Firehose wants to keep it, since it adds some under load."""
        environment = self._environment
        yield grant_wildcard(
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
            on=["*"],
            reason="EC2's actions that describe know no resources",
        )
        within = f"arn:{environment.partition}:ec2:{environment.region}:{environment.account}"
        yield grant_wildcard(
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            on=[f"{within}:network-interface/*", f"{within}:security-group/*", f"{within}:subnet/*"],
            reason="interfaces have ids only once they are made, and Firehose documents these actions without "
            "resources; here they stay within this account and region",
        )
