"""The IAM role of a delivery: what Firehose may do to fill one bucket and to tell why it cannot."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Environment
from stacks.checks import acknowledge


def delivery_role(
    scope: Construct,
    environment: Environment,
    delivery: str,
    *,
    bucket: s3.IBucket,
    prefixes: Sequence[str],
    log_stream_arn: str,
) -> iam.Role:
    """Add the role of a delivery; `prefixes` are what the names of its objects begin with.

    The actions are those that Firehose documents for S3, its multipart uploads included:
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3

    The policy stands inside the role, so that the role never exists without it: Firehose tries it
    out when the delivery stream is made.
    """
    objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
    role = iam.Role(
        scope,
        "Role",
        description=f"What Firehose may do for the delivery {delivery}",
        assumed_by=iam.ServicePrincipal(
            "firehose.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": environment.account}},
        ),
        inline_policies={
            "Deliver": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                        resources=[bucket.bucket_arn],
                    ),
                    iam.PolicyStatement(
                        actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                        resources=objects,
                    ),
                    iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[log_stream_arn]),
                ]
            )
        },
    )
    acknowledge(
        role,
        "IAM5",
        findings=[f"Resource::{_shown(scope, bucket)}/{prefix}*" for prefix in prefixes],
        reason="the names of objects end in times and random ids; what they begin with is this delivery's own",
    )
    return role


def _shown(scope: Construct, bucket: s3.IBucket) -> str:
    """A bucket's ARN as cdk-nag writes it: `<LogicalId.Arn>` of one in the template."""
    resource = bucket.node.default_child
    if isinstance(resource, cdk.CfnElement):
        return f"<{cdk.Stack.of(scope).get_logical_id(resource)}.Arn>"
    return bucket.bucket_arn
