"""The KMS key of an environment, and who may use it for what."""

from collections.abc import Iterator, Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from environments.naming import key_alias
from stacks.environment_stack import removal_policy
from stacks.security.users import log_groups, service_domain, services_on_behalf

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What it takes to keep a key, and nothing that reads or writes data with it."""

USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What services do with a key to encrypt and decrypt data."""

LONGEST_WINDOW = cdk.Duration.days(30)
SHORTEST_WINDOW = cdk.Duration.days(7)
"""How long KMS keeps a key that is to be deleted, and what it encrypted can still be saved."""


def environment_key(scope: Construct, environment: Environment) -> kms.Key:
    """Add the key of `environment`, rotated every year, with an alias.

    The account can keep the key, but with the key policy alone nobody can use it: roles need a
    statement of their own, and reach it through the services of the environment only
    (`kms:ViaService`). https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    return kms.Key(
        scope,
        "Key",
        description=f"Data of {environment.name}",
        alias=key_alias(environment),
        enable_key_rotation=True,
        policy=iam.PolicyDocument(statements=list(_statements(environment))),
        pending_window=LONGEST_WINDOW if environment.production else SHORTEST_WINDOW,
        removal_policy=removal_policy(environment),
    )


def _statements(environment: Environment) -> Iterator[iam.PolicyStatement]:
    account = iam.AccountPrincipal(environment.account)
    via_services = {"kms:ViaService": services_on_behalf(environment)}
    # In a key policy, "*" is the key itself.
    yield _statement("Keep", account, ADMINISTRATION)
    yield _statement("UseThroughServices", account, USE, {"StringEquals": via_services})
    yield _statement(
        "LendToServices",
        account,
        ("kms:CreateGrant",),
        {"StringEquals": via_services, "Bool": {"kms:GrantIsForAWSResource": "true"}},
    )
    yield _statement(
        "EncryptLogs",
        iam.ServicePrincipal(f"logs.{environment.region}.{service_domain(environment)}"),
        USE,
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups(environment)}},
    )
    yield _statement(
        "RaiseAlarms",
        iam.ServicePrincipal("cloudwatch.amazonaws.com"),
        ("kms:Decrypt", "kms:GenerateDataKey"),
        {"StringEquals": {"aws:SourceAccount": environment.account}},
    )


def _statement(
    sid: str,
    principal: iam.IPrincipal,
    actions: tuple[str, ...],
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid, principals=[principal], actions=list(actions), resources=["*"], conditions=conditions
    )
