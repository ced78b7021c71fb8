"""Names and addresses of nodes: network interfaces that outlive machines, and a private hosted zone that names them."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53
from constructs import Construct

from stacks.kafka.ec2.nodes import Cluster, Node

TTL_SECONDS = 60


class Addresses(Construct):
    """A name for each node, good inside the VPC only; known at synthesis, whatever the address will be."""

    def __init__(self, scope: Construct, cluster: Cluster, *, vpc: ec2.IVpc, region: str) -> None:
        super().__init__(scope, "Addresses")
        self._zone = route53.CfnHostedZone(
            self,
            "Zone",
            name=cluster.domain,
            vpcs=[route53.CfnHostedZone.VPCProperty(vpc_id=vpc.vpc_id, vpc_region=region)],
        )

    def name(self, node: Node, interface: ec2.CfnNetworkInterface) -> route53.CfnRecordSet:
        """Give `node` the address of its interface."""
        return route53.CfnRecordSet(
            self,
            node.short_name,
            hosted_zone_id=self._zone.attr_id,
            name=node.name,
            type="A",
            ttl=str(TTL_SECONDS),
            resource_records=[interface.attr_primary_private_ip_address],
        )
