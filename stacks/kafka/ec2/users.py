"""The secrets of a cluster on EC2: its administrator, and the connectors where they log in with SCRAM."""

import json

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from environments import Environment
from environments.naming import kafka_admin_secret_name, kafka_secret_name
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy
from stacks.kafka.ec2.rendering import ADMIN, CONNECTORS


class ScramUsers(Construct):
    """Two users with passwords that nobody has seen; every broker sets them when its machine is made."""

    def __init__(self, scope: Construct, environment: Environment, *, key: kms.IKey | None) -> None:
        super().__init__(scope, "Users")
        self.admin = self._secret(environment, "Admin", kafka_admin_secret_name(environment), ADMIN, key)
        self.connectors = self._secret(environment, "Connectors", kafka_secret_name(environment), CONNECTORS, key)

    def _secret(
        self, environment: Environment, name: str, secret_name: str, user: str, key: kms.IKey | None
    ) -> secretsmanager.CfnSecret:
        # L1: the L2 would widen the policy of the key.
        secret = secretsmanager.CfnSecret(
            self,
            name,
            name=secret_name,
            description=f"User {user} on Kafka of {environment.name}",
            kms_key_id=key.key_arn if key else None,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps({"username": user}),
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,
            ),
        )
        secret.apply_removal_policy(removal_policy(environment))
        acknowledge(
            secret,
            "SMG4",
            reason="AWS has no rotation for users of Kafka; a new password takes effect with the next generation of "
            "nodes, as docs/environments.md tells",
        )
        return secret
