"""An OpenSearch domain for a delivery."""

import json

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from environments import Environment, NewDomain
from environments.naming import search_domain_arn, search_domain_name, search_log_group_name
from environments.rules.deliveries import MOST_DOMAIN_ZONES
from stacks.checks import acknowledge
from stacks.deliveries.interfaces import HTTPS
from stacks.environment_stack import removal_policy
from stacks.log_retention import log_retention
from stacks.network.placement import Placement

GIB = 1 << 30

LOGS = {
    "INDEX_SLOW_LOGS": "index-slow",
    "SEARCH_SLOW_LOGS": "search-slow",
    "ES_APPLICATION_LOGS": "errors",
}
"""What a domain logs, and the ends of its log groups' names."""


class Domain(Construct):
    """A domain in the private subnets, which lets in the delivery's role and whom IAM lets in besides.

    OpenSearch Service needs its service-linked role in the account before it can lie in a VPC:
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/slr-aos.html
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        delivery: str,
        size: NewDomain,
        *,
        placement: Placement,
        clients: ec2.ISecurityGroup,
        role: iam.IRole,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Domain")
        name, arn = search_domain_name(environment, delivery), search_domain_arn(environment, delivery)
        publishing, policy = self._logs(environment, delivery, arn, key)
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=placement.vpc,
            security_group_name=f"{name}-opensearch",
            description=f"OpenSearch domain {name}",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(clients, ec2.Port.tcp(HTTPS), "Firehose")
        subnets = placement.vpc.select_subnets(
            subnet_group_name=placement.subnets.subnet_group_name, subnet_type=placement.subnets.subnet_type
        ).subnet_ids
        zones = min(len(subnets), MOST_DOMAIN_ZONES, size.count)
        properties = opensearch.CfnDomain
        self.resource = opensearch.CfnDomain(
            self,
            "Resource",
            domain_name=name,
            engine_version=f"OpenSearch_{size.version}",
            cluster_config=properties.ClusterConfigProperty(
                instance_type=size.instance,
                instance_count=size.count,
                dedicated_master_enabled=size.masters > 0,
                dedicated_master_count=size.masters or None,
                dedicated_master_type=size.instance if size.masters else None,
                zone_awareness_enabled=zones > 1,
                zone_awareness_config=(
                    properties.ZoneAwarenessConfigProperty(availability_zone_count=zones) if zones > 1 else None
                ),
            ),
            ebs_options=properties.EBSOptionsProperty(
                ebs_enabled=True, volume_type="gp3", volume_size=size.storage // GIB
            ),
            encryption_at_rest_options=properties.EncryptionAtRestOptionsProperty(
                enabled=True, kms_key_id=key.key_arn if key else None
            ),
            node_to_node_encryption_options=properties.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=properties.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            vpc_options=properties.VPCOptionsProperty(
                subnet_ids=subnets[:zones], security_group_ids=[group.security_group_id]
            ),
            access_policies=_access(arn, role),
            log_publishing_options=publishing,
        )
        self.resource.apply_removal_policy(removal_policy(environment))
        self.resource.node.add_dependency(policy)
        self._acknowledge(size, zones)

    def _logs(
        self, environment: Environment, delivery: str, domain_arn: str, key: kms.IKey | None
    ) -> tuple[dict[str, opensearch.CfnDomain.LogPublishingOptionProperty], logs.CfnResourcePolicy]:
        """Add the log groups, and the permission by which this one domain writes into them."""
        options, arns = {}, []
        for kind, end in LOGS.items():
            name = search_log_group_name(environment, delivery, end)
            group = logs.LogGroup(
                self,
                f"Log-{end}",
                log_group_name=name,
                encryption_key=key,
                retention=log_retention(environment),
                removal_policy=cdk.RemovalPolicy.DESTROY,
            )
            arns.append(
                f"arn:{environment.partition}:logs:{environment.region}:{environment.account}:log-group:{name}:*"
            )
            options[kind] = opensearch.CfnDomain.LogPublishingOptionProperty(
                enabled=True, cloud_watch_logs_log_group_arn=group.log_group_arn
            )
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "es.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": arns,
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": environment.account},
                        "ArnEquals": {"aws:SourceArn": domain_arn},
                    },
                }
            ],
        }
        policy = logs.CfnResourcePolicy(
            self,
            "LogPolicy",
            policy_name=f"{search_domain_name(environment, delivery)}-opensearch",
            policy_document=json.dumps(document),
        )
        return options, policy

    def _acknowledge(self, size: NewDomain, zones: int) -> None:
        acknowledge(
            self.resource,
            "OS3",
            reason="the domain lies in private subnets, where its security group and IAM decide who comes in",
        )
        if not size.masters:
            acknowledge(
                self.resource, "OS4", reason="the environment file asks for none; production is refused without"
            )
        if zones == 1:
            acknowledge(self.resource, "OS7", reason="the environment file asks for one data node, or for one zone")


def _access(domain_arn: str, role: iam.IRole) -> dict[str, object]:
    """Who may send requests to the domain, besides those whom policies of this account allow it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": role.role_arn},
                "Action": ["es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut"],
                "Resource": f"{domain_arn}/*",
            }
        ],
    }
