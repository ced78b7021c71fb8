"""The AWS services that a VPC without a way to the internet must reach, as interface endpoints."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments import DeliveryEnd, Environment, NewNetwork
from stacks.network.placement import PRIVATE

SERVICES = {
    "KinesisStreams": ec2.InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
}
"""What every connector talks to: its sink, its log, its image, its configuration.

Its credentials come from the ECS agent at a link-local address, not from STS:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""


DELIVERIES = {"Firehose": ec2.InterfaceVpcEndpointAwsService.KINESIS_FIREHOSE}
"""What a connector that writes to a delivery talks to besides."""


def add_interface_endpoints(scope: Construct, environment: Environment, network: NewNetwork, vpc: ec2.IVpc) -> None:
    """Add an endpoint for each service that connectors talk to, reachable from inside the VPC alone.

    An endpoint is billed by the hour in every zone it stands in and serves all of them, so only
    production pays for one in each.
    """
    group = ec2.SecurityGroup(
        scope,
        "EndpointSecurityGroup",
        vpc=vpc,
        description="HTTPS from the VPC to the endpoints of AWS services",
        allow_all_outbound=False,
    )
    group.add_ingress_rule(
        # The literal range, not the VPC's attribute: a reference cannot be checked at synthesis.
        ec2.Peer.ipv4(network.cidr),
        ec2.Port.tcp(443),
        "HTTPS from inside the VPC",
    )
    zones = network.zones if environment.production else network.zones[:1]
    to_deliveries = any(isinstance(route.target, DeliveryEnd) for route in environment.routes.values())
    for name, service in {**SERVICES, **(DELIVERIES if to_deliveries else {})}.items():
        ec2.InterfaceVpcEndpoint(
            scope,
            f"{name}Endpoint",
            vpc=vpc,
            service=service,
            open=False,
            private_dns_enabled=True,
            security_groups=[group],
            subnets=ec2.SubnetSelection(subnet_group_name=PRIVATE.subnet_group_name, availability_zones=list(zones)),
        )
