"""The security groups of what runs on Fargate."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.network.placement import Placement


def outbound_only(scope: Construct, placement: Placement, what: str) -> list[ec2.ISecurityGroup]:
    """Return a group of its own, which lets nobody in, and those the network adds.

    Out it lets everything: the ports of a cluster's brokers are known from its metadata only, not
    from the bootstrap addresses.
    """
    own = ec2.SecurityGroup(
        scope,
        "SecurityGroup",
        vpc=placement.vpc,
        description=f"{what}: outbound only",
        allow_all_outbound=True,
    )
    given = [
        ec2.SecurityGroup.from_security_group_id(scope, f"Given-{group}", group, mutable=False)
        for group in placement.security_groups
    ]
    return [own, *given]
