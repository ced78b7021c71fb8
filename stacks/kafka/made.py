"""What the rest of an environment may know of a cluster that was made."""

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from constructs import IDependable


@dataclass(frozen=True, kw_only=True)
class MadeCluster:
    """A cluster of ours, of whatever kind."""

    clients: ec2.ISecurityGroup
    """The security group that brokers let in; who wants to reach them joins it."""
    bootstrap: str
    """What the SSM parameter of the addresses holds: ``host:port,...``, or ``msk:ARN`` to ask MSK for them."""
    cluster_arn: str | None = None
    """ARN of the cluster on MSK; None on EC2, where there is no such thing."""
    serves: tuple[IDependable, ...] = ()
    """What is up when the cluster serves; its address is published after that, and taken back before it goes."""


def msk_bootstrap(cluster_arn: str) -> str:
    """Return what sends clients to MSK for the addresses of a cluster: they change as brokers come and go."""
    return f"msk:{cluster_arn}"
