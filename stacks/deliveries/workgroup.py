"""A Redshift Serverless namespace and workgroup for a delivery."""

import json

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_redshiftserverless as redshift
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from environments import Environment, RedshiftDelivery
from environments.firehose_addresses import FIREHOSE_ADDRESSES
from environments.naming import warehouse_name, warehouse_secret_name
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy
from stacks.network.placement import Placement

PORT = 5439
ADMINISTRATOR = "streamops"
PASSWORD_LENGTH = 40
FINAL_SNAPSHOT_DAYS = 35


class Workgroup(Construct):
    """A data warehouse that Firehose reaches.

    Firehose comes to Redshift over the internet only, from one range of addresses a region: the
    workgroup is public, TLS is demanded, and its security group lets in that range and nobody else.
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-rs-vpc
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        delivery: str,
        described: RedshiftDelivery,
        *,
        placement: Placement,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Workgroup")
        name = warehouse_name(environment, delivery)
        self.secret = self._secret(environment, delivery, key)
        kept = environment.production
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=name,
            db_name=described.database,
            admin_username=ADMINISTRATOR,
            admin_user_password=cdk.SecretValue.secrets_manager(self.secret.ref, json_field="password").unsafe_unwrap(),
            kms_key_id=key.key_arn if key else None,
            log_exports=["connectionlog", "useractivitylog", "userlog"],
            final_snapshot_name=f"{name}-final" if kept else None,
            final_snapshot_retention_period=FINAL_SNAPSHOT_DAYS if kept else None,
        )
        namespace.apply_removal_policy(removal_policy(environment))
        workgroup = redshift.CfnWorkgroup(
            self,
            "Resource",
            workgroup_name=name,
            namespace_name=name,
            base_capacity=described.capacity,
            port=PORT,
            publicly_accessible=True,
            subnet_ids=list(described.subnets) or [subnet.subnet_id for subnet in placement.vpc.public_subnets],
            security_group_ids=[self._group(environment, name, placement).security_group_id],
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=parameter, parameter_value="true")
                for parameter in ("require_ssl", "enable_user_activity_logging")
            ],
        )
        workgroup.node.add_dependency(namespace)
        workgroup.apply_removal_policy(removal_policy(environment))
        self.resource = workgroup
        self.jdbc_url = f"jdbc:redshift://{workgroup.attr_workgroup_endpoint_address}:{PORT}/{described.database}"

    def _secret(self, environment: Environment, delivery: str, key: kms.IKey | None) -> secretsmanager.CfnSecret:
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=warehouse_secret_name(environment, delivery),
            description=f"Administrator of the Redshift namespace of the delivery {delivery}",
            kms_key_id=key.key_arn if key else None,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps({"username": ADMINISTRATOR}),
                generate_string_key="password",
                password_length=PASSWORD_LENGTH,
                exclude_punctuation=True,
            ),
        )
        secret.apply_removal_policy(removal_policy(environment))
        acknowledge(
            secret,
            "SMG4",
            reason="rotation takes a Lambda function, which an environment has none of; `aws secretsmanager "
            "put-secret-value` and a deployment change the password, in the namespace too",
        )
        return secret

    def _group(self, environment: Environment, name: str, placement: Placement) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=placement.vpc,
            security_group_name=f"{name}-redshift",
            description=f"Redshift workgroup {name}, for Firehose alone",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.ipv4(FIREHOSE_ADDRESSES[environment.region]), ec2.Port.tcp(PORT), "Firehose of this region"
        )
        return group
