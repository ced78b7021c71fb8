"""Where in a network a service runs."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments import GivenNetwork

PRIVATE = ec2.SubnetSelection(subnet_group_name="Private")
"""The private subnets of a VPC of ours, whether or not they have a way out."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A VPC, the subnets in it that services run in, and groups they join besides their own."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    security_groups: tuple[str, ...] = ()

    @property
    def subnet_ids(self) -> list[str]:
        """The ids of the subnets, for resources that know nothing else: one in each zone."""
        return self.vpc.select_subnets(
            subnet_group_name=self.subnets.subnet_group_name, subnet_type=self.subnets.subnet_type
        ).subnet_ids


def given_placement(scope: Construct, network: GivenNetwork) -> Placement:
    """Return the placement in a network that stands already, without looking it up."""
    vpc = ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=network.vpc_id,
        availability_zones=list(network.zones),
        private_subnet_ids=list(network.private_subnets),
    )
    # Only what adds routes to a subnet would need its route table.
    cdk.Annotations.of(vpc).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId")
    return Placement(
        vpc=vpc,
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        security_groups=tuple(network.security_groups),
    )
