"""The IAM role of a delivery: what Firehose may do to read, to fill and to tell why it cannot."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from environments import Environment
from stacks.checks import acknowledge
from stacks.deliveries.grants import Grant


def delivery_role(scope: Construct, environment: Environment, delivery: str, grants: Sequence[Grant]) -> iam.Role:
    """Add the role of a delivery, which is allowed its grants and nothing else.

    The policy stands inside the role, so that the role never exists without it: Firehose tries it
    out when the delivery stream is made. The actions are those that Firehose documents for each
    source and destination: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html

    So is the condition: Firehose names the account on whose behalf it comes as the external id, and
    could otherwise be led by another account to use the role.
    """
    role = iam.Role(
        scope,
        "Role",
        description=f"What Firehose may do for the delivery {delivery}",
        assumed_by=iam.ServicePrincipal(
            "firehose.amazonaws.com",
            conditions={"StringEquals": {"sts:ExternalId": environment.account}},
        ),
        inline_policies={"Deliver": iam.PolicyDocument(statements=[each.statement for each in grants])},
    )
    for each in grants:
        if each.findings:
            acknowledge(role, "IAM5", findings=[f"Resource::{name}" for name in each.findings], reason=each.reason)
    return role
