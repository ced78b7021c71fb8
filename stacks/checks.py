"""The checks that every synthesis runs, and how a finding is acknowledged.

cdk-nag's AwsSolutions rules run as a validation plugin beside the CDK's own template checks. Any
finding fails the synthesis, warnings too. What cannot be otherwise is acknowledged where it
stands, with the reason.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

NAG = "AwsSolutions"
"""cdk-nag's rule pack, by the name that its findings carry."""

TEMPLATE = "CloudFormation-Validate"
"""The CDK's own checks of the templates."""


def add_checks(app: cdk.App) -> None:
    """Have `app` checked against the AwsSolutions rules whenever it is synthesized."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))


def acknowledge(
    construct: IConstruct,
    rule: str,
    *,
    reason: str,
    findings: Sequence[str] = (),
    checker: str = NAG,
) -> None:
    """Accept what `rule` of `checker` finds at `construct` and below, and say why.

    `rule` is the short id (`IAM5`). Rules that report each wildcard or policy by itself
    need the exact `findings` (`Resource::*`): the rule alone would acknowledge none of them.

    Only the qualified form of the ids is used (`AwsSolutions::AwsSolutions-IAM5[...]`): the core then
    keeps the finding in the validation report, with the reason and the place. The short form that
    cdk-nag knows too would drop it from there without a trace.
    """
    name = f"{NAG}-{rule}" if checker == NAG else rule
    for finding in [f"{name}[{finding}]" for finding in findings] or [name]:
        acknowledgment = cdk.Acknowledgment(id=f"{checker}::{finding}", reason=reason)
        cdk.Validations.of(construct).acknowledge(acknowledgment)
