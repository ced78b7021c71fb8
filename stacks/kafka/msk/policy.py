"""The policy of a cluster on MSK: which service may make a private connection to it."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import Environment, TopicEnd


def let_firehose_connect(scope: Construct, environment: Environment, cluster_arn: str) -> None:
    """Let Firehose connect from its own VPC where a delivery reads a topic.

    What it may then read is a matter of the delivery's role. The statement is the one that Firehose
    documents: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-msk.html
    """
    if not any(isinstance(delivery.source, TopicEnd) for delivery in environment.deliveries.values()):
        return
    msk.CfnClusterPolicy(
        scope,
        "Policy",
        cluster_arn=cluster_arn,
        policy=iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("firehose.amazonaws.com")],
                    actions=["kafka:CreateVpcConnection"],
                    resources=[cluster_arn],
                )
            ]
        ),
    )
