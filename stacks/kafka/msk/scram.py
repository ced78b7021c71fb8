"""The SCRAM user of the connectors on MSK: a secret, and its association with the cluster."""

import json

from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from environments import Environment
from environments.naming import CONNECTORS_USER, msk_scram_secret_name
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy


class ScramUser(Construct):
    """A user with a password that nobody has seen, in a secret that MSK reads.

    MSK takes only secrets that begin with `AmazonMSK_` and are encrypted with a customer-managed key:
    https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html
    The list of a cluster's secrets is exclusive. Users of other applications belong into it, so a
    secret that somebody associates by hand is taken out again by the next change of the list here.
    """

    def __init__(self, scope: Construct, environment: Environment, *, cluster_arn: str, key: kms.IKey) -> None:
        super().__init__(scope, "Scram")
        # L1: the L2 would widen the policy of the key.
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=msk_scram_secret_name(environment),
            description=f"User of the connectors on Kafka of {environment.name}",
            kms_key_id=key.key_arn,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps({"username": CONNECTORS_USER}),
                generate_string_key="password",
                password_length=40,
                exclude_punctuation=True,
            ),
        )
        secret.apply_removal_policy(removal_policy(environment))
        acknowledge(
            secret,
            "SMG4",
            reason="AWS has no rotation for SCRAM users of MSK, and a Lambda of ours is no part of this platform; "
            "docs/environments.md tells how to change the password",
        )
        association = msk.CfnBatchScramSecret(
            self, "Association", cluster_arn=cluster_arn, secret_arn_list=[secret.ref]
        )
        association.apply_removal_policy(removal_policy(environment))
