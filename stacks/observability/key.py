"""The KMS key of the alarms' topics, where the environment has no key of its own."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from stacks.security.key import ADMINISTRATION


def alarm_key(scope: Construct, environment: Environment) -> kms.Key:
    """Add a key with which CloudWatch may encrypt.

    The key that AWS manages for SNS lets nobody but the account's own principals use it: an alarm that
    published to a topic under it would fail in silence.
    https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
    """
    keep = iam.PolicyStatement(
        sid="Keep",
        principals=[iam.AccountPrincipal(environment.account)],
        actions=list(ADMINISTRATION),
        resources=["*"],
    )
    raise_alarms = iam.PolicyStatement(
        sid="RaiseAlarms",
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={"StringEquals": {"aws:SourceAccount": environment.account}},
    )
    return kms.Key(
        scope,
        "Key",
        description=f"Alarms of {environment.name}",
        enable_key_rotation=True,
        policy=iam.PolicyDocument(statements=[keep, raise_alarms]),
        pending_window=cdk.Duration.days(7),
        # It encrypts messages on their way, and nothing that is kept.
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
