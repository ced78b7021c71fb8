"""The stack of the VPC that connectors run in."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments import Environment, NewNetwork
from environments.rules.room import ZONES_TO_GROW_INTO
from stacks.checks import TEMPLATE, acknowledge
from stacks.environment_stack import EnvironmentStack
from stacks.network.endpoint_policies import bucket_policy_statements
from stacks.network.endpoints import add_interface_endpoints
from stacks.network.flow_log import add_flow_log
from stacks.network.placement import PRIVATE, Placement

PUBLIC_PREFIX_LENGTH = 28
"""The smallest subnet there is: it holds a NAT gateway and nothing else."""


class NetworkStack(EnvironmentStack):
    """A small VPC: one private subnet a zone, and a way from there to the AWS services.

    With `nat`, the way is a NAT gateway in a public subnet (one in every zone in production, one
    in all otherwise). Without, there is no public subnet and no internet gateway at all: AWS is
    reached through interface endpoints. The addresses of the public subnets are reserved either
    way, so that `nat` can be switched later without replacing a single subnet.

    The VPC's default security group is left as AWS makes it: closing it takes a Lambda-backed
    custom resource, and nothing uses it, since every interface here names its own group.
    """

    def __init__(self, scope: Construct, environment: Environment, network: NewNetwork) -> None:
        self._zones = list(network.zones)
        super().__init__(scope, "network", environment, description=f"Network of {environment.name}")
        vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=environment.name,
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            availability_zones=self._zones,
            reserved_azs=max(0, ZONES_TO_GROW_INTO - len(network.zones)),
            nat_gateways=_nat_gateways(environment, network),
            subnet_configuration=_subnets(network),
            restrict_default_security_group=False,
        )
        acknowledge(
            vpc,
            "W3010",
            checker=TEMPLATE,
            reason="the environment file names the zones, so that synthesis looks nothing up",
        )
        add_flow_log(self, environment, vpc)
        # Free, and keeps image layers off the NAT gateway.
        buckets = ec2.GatewayVpcEndpoint(self, "S3Endpoint", vpc=vpc, service=ec2.GatewayVpcEndpointAwsService.S3)
        if not network.nat:
            for statement in bucket_policy_statements(environment):
                buckets.add_to_policy(statement)
            add_interface_endpoints(self, environment, network, vpc)
        self.placement = Placement(vpc=vpc, subnets=PRIVATE)

    @property
    def availability_zones(self) -> list[str]:
        """The zones of the environment file.

        A stack with a concrete account otherwise looks its zones up in that account, even for a
        VPC that names them, and synthesis would need credentials.
        """
        return self._zones


def _subnets(network: NewNetwork) -> list[ec2.SubnetConfiguration]:
    private = ec2.SubnetType.PRIVATE_WITH_EGRESS if network.nat else ec2.SubnetType.PRIVATE_ISOLATED
    return [
        ec2.SubnetConfiguration(name="Private", subnet_type=private),
        ec2.SubnetConfiguration(
            name="Public",
            subnet_type=ec2.SubnetType.PUBLIC,
            cidr_mask=PUBLIC_PREFIX_LENGTH,
            map_public_ip_on_launch=False,
            reserved=not network.nat,
        ),
    ]


def _nat_gateways(environment: Environment, network: NewNetwork) -> int:
    if not network.nat:
        return 0
    return len(network.zones) if environment.production else 1
