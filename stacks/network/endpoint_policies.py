"""What may pass through the endpoints of a VPC: calls of this account's own roles, of the kinds that are made here.

Roles say what each task may do. An endpoint's policy adds what no role can: that nobody carries
records out through it with the credentials of another account.
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html

Services that are missing here keep the policy that AWS gives an endpoint, which lets everything
pass: not each of them takes another.
"""

from aws_cdk import aws_iam as iam

from environments import Environment

ACTIONS = {
    "kinesis-streams": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamConsumer",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreamConsumers",
        "kinesis:PutRecord",
        "kinesis:PutRecords",
        "kinesis:SubscribeToShard",
    ),
    "kinesis-firehose": ("firehose:DescribeDeliveryStream", "firehose:PutRecord", "firehose:PutRecordBatch"),
    "logs": (
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ),
    "ecr.api": (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
    ),
    "secretsmanager": ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
}
"""What is called through an endpoint; at least what the roles of tasks and nodes are allowed."""
ACTIONS["ecr.dkr"] = ACTIONS["ecr.api"]


def endpoint_policy(environment: Environment, service: str) -> iam.PolicyStatement | None:
    """Return what may pass through the endpoint of `service`; None where that is left to AWS."""
    actions = ACTIONS.get(service)
    if actions is None:
        return None
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        # Which stream or secret, the role says, and a stream or an image may belong to another account.
        resources=["*"],
        conditions={"StringEquals": {"aws:PrincipalAccount": environment.account}},
    )
