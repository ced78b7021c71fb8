"""The two IAM roles of a connector: what it may do, and what ECS may do to start it, which is alike for any task.

Both carry their policies inline, so a role never exists without them: a policy that is a
resource of its own is attached some time after the role, and a task that starts in between fails.
"""

from collections.abc import Iterator, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import DeadLetterBucket, Environment
from environments.route_permissions import dead_letter_objects, task_permissions
from stacks.checks import acknowledge
from stacks.connectors.image import ConnectorImage
from stacks.connectors.login import Login
from stacks.connectors.secrets import read_secrets
from stacks.kafka.permissions import MskArns


def task_role(
    scope: Construct, environment: Environment, route: str, *, key: str | None, cluster_arn: str | None
) -> iam.Role:
    """Add the role of the connector itself: the actions its route needs, on the route's own ends.

    `key` is the ARN of the environment's own key, `cluster_arn` that of its cluster on MSK, where there is one.
    """
    statements = list(_statements(environment, route, key=key, cluster_arn=cluster_arn))
    role = iam.Role(
        scope,
        "TaskRole",
        description=f"What the connector of route {route} may do",
        assumed_by=ecs_tasks(environment),
        inline_policies={"Route": iam.PolicyDocument(statements=statements)},
    )
    target = environment.routes[route].dead_letters
    if isinstance(target, DeadLetterBucket):
        acknowledge(
            role,
            "IAM5",
            findings=[f"Resource::{dead_letter_objects(environment, target)}"],
            reason="the names of dead letters end in times and offsets; what they begin with is said in the "
            "environment file",
        )
    return role


def execution_role(
    scope: Construct,
    environment: Environment,
    what: str,
    *,
    images: Sequence[ConnectorImage],
    log_group: logs.ILogGroup,
    configurations: Sequence[ssm.IStringParameter] = (),
    login: Login | None = None,
) -> iam.Role:
    """Add the role that ECS starts a task with: its images, its log, its configurations, its secrets."""
    parameters = [each.parameter_arn for each in configurations]
    role = iam.Role(
        scope,
        "ExecutionRole",
        description=f"What ECS may do to start {what}",
        assumed_by=ecs_tasks(environment),
        inline_policies={
            "Start": iam.PolicyDocument(
                statements=[
                    *([iam.PolicyStatement(actions=["ssm:GetParameters"], resources=parameters)] if parameters else []),
                    # The group's ARN attribute ends in ":*", that is: its streams.
                    iam.PolicyStatement(
                        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                        resources=[log_group.log_group_arn],
                    ),
                    *(read_secrets(environment, login.secrets) if login else ()),
                    *(statement for image in images for statement in image.pull),
                ]
            )
        },
    )
    if any(image.in_ecr for image in images):
        acknowledge(
            role,
            "IAM5",
            findings=["Resource::*"],
            reason="ecr:GetAuthorizationToken has no resource to name; pulling itself is limited "
            "to the repositories of the task's images",
        )
    return role


def ecs_tasks(environment: Environment) -> iam.ServicePrincipal:
    """Trust ECS on behalf of this account alone.

    Without the conditions ECS could be led by another account to use the role:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    tasks = f"arn:{environment.partition}:ecs:{environment.region}:{environment.account}:*"
    return iam.ServicePrincipal(
        "ecs-tasks.amazonaws.com",
        conditions={
            "StringEquals": {"aws:SourceAccount": environment.account},
            "ArnLike": {"aws:SourceArn": tasks},
        },
    )


def _statements(
    environment: Environment, route: str, *, key: str | None, cluster_arn: str | None
) -> Iterator[iam.PolicyStatement]:
    """Yield what the route needs; the ARNs inside a cluster that is made are known only once it is."""
    arns = MskArns(environment=environment, cluster=cluster_arn) if cluster_arn is not None else None
    for permission in task_permissions(
        environment, route, key=key, cluster=cluster_arn, in_cluster=arns.inside if arns else None
    ):
        conditions = {"StringEquals": {"kms:ViaService": permission.via}} if permission.via else None
        yield iam.PolicyStatement(
            actions=list(permission.actions), resources=[permission.resource], conditions=conditions
        )
