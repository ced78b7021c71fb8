"""What may pass through the endpoints of a VPC: calls of this account's own roles, of the kinds that are made here.

Roles say what each task may do. An endpoint's policy adds what no role can: that nobody carries
records out through it with the credentials of another account.
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html

Services that are missing here keep the policy that AWS gives an endpoint, which lets everything
pass: not each of them takes another.
"""

from collections.abc import Iterator

from aws_cdk import aws_iam as iam

from environments import Ec2Kafka, Environment
from environments.autoscaler_permissions import autoscaler_permissions

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
    "sts": ("sts:GetCallerIdentity",),
}
"""What is called through an endpoint; at least what the roles of tasks and nodes are allowed."""
ACTIONS["ecr.dkr"] = ACTIONS["ecr.api"]

_PREFIXES = {"kinesis-streams": "kinesis", "monitoring": "cloudwatch"}
"""What actions begin with, where that is not the name of the endpoint."""

OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
"""What is done with buckets: dead letters are written, software and its settings are read."""


def endpoint_policy(environment: Environment, service: str) -> iam.PolicyStatement | None:
    """Return what may pass through the endpoint of `service`; None where that is left to AWS."""
    actions = ACTIONS.get(service, ())
    if environment.connectors.autoscaler is not None:
        prefix = _PREFIXES.get(service, service)
        scaling = {action for each in autoscaler_permissions(environment) for action in each.actions}
        actions = tuple(sorted({*actions, *(action for action in scaling if action.startswith(f"{prefix}:"))}))
    return _own_account(environment, actions) if actions else None


def bucket_policy_statements(environment: Environment) -> Iterator[iam.PolicyStatement]:
    """Yield what may pass through the gateway endpoint of S3: objects for this account, and what AWS keeps there.

    Layers of images and packages of Amazon Linux are fetched from buckets of AWS, not in the name
    of the account:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
    https://docs.aws.amazon.com/linux/al2023/ug/managing-repos-os-updates.html
    """
    yield _own_account(environment, OBJECTS)
    buckets = [f"prod-{environment.region}-starport-layer-bucket"]
    if isinstance(environment.kafka, Ec2Kafka):
        buckets.append(f"al2023-repos-{environment.region}-de612dc2")
    yield iam.PolicyStatement(
        principals=[iam.StarPrincipal()],
        actions=["s3:GetObject"],
        resources=[f"arn:{environment.partition}:s3:::{bucket}/*" for bucket in buckets],
    )


def _own_account(environment: Environment, actions: tuple[str, ...]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.StarPrincipal()],
        actions=list(actions),
        # Which stream or secret, the role says, and a stream or an image may belong to another account.
        resources=["*"],
        conditions={"StringEquals": {"aws:PrincipalAccount": environment.account}},
    )
