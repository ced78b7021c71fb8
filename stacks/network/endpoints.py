"""The AWS services that a VPC without a way to the internet must reach, as interface endpoints."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments import Environment, NewNetwork
from environments.called_services import called_services
from stacks.network.endpoint_policies import endpoint_policy
from stacks.network.placement import PRIVATE

_IDS = {
    "kinesis-streams": "KinesisStreams",
    "kinesis-firehose": "Firehose",
    "ecr.api": "EcrApi",
    "ecr.dkr": "EcrDocker",
    "acm-pca": "PrivateCa",
    "application-autoscaling": "ApplicationAutoScaling",
    "aps-workspaces": "Prometheus",
    "cloudtrail": "CloudTrail",
    "cloudformation": "CloudFormation",
    "monitoring": "CloudWatch",
    "secretsmanager": "SecretsManager",
    "ssmmessages": "SsmMessages",
}
"""How the endpoints of services are called in the template; of any other, its own name in capital first."""


def add_interface_endpoints(scope: Construct, environment: Environment, network: NewNetwork, vpc: ec2.IVpc) -> None:
    """Add an endpoint for each service that anything in the VPC calls, reachable from inside the VPC alone.

    An endpoint is billed by the hour in every zone it stands in and serves all of them, so only
    production pays for one in each.
    """
    called = called_services(environment.kafka, environment.routes.values(), environment.connectors)
    if not called:
        return
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
    for service in sorted(called):
        endpoint = ec2.InterfaceVpcEndpoint(
            scope,
            f"{_IDS.get(service, service.capitalize())}Endpoint",
            vpc=vpc,
            service=ec2.InterfaceVpcEndpointAwsService(service),
            open=False,
            private_dns_enabled=True,
            security_groups=[group],
            subnets=ec2.SubnetSelection(subnet_group_name=PRIVATE.subnet_group_name, availability_zones=list(zones)),
        )
        if statement := endpoint_policy(environment, service):
            endpoint.add_to_policy(statement)
