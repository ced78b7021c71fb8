"""The two IAM roles of a connector: what it may do, and what ECS may do to start it.

Both carry their policies inline, so a role never exists without them: a policy that is a
resource of its own is attached some time after the role, and a task that starts in between fails.
"""

from collections.abc import Iterator, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from connector.config import MskIam
from environments import DeadLetterBucket, DeliveryEnd, Environment, ExternalKafka, StreamEnd
from environments.naming import delivery_arn
from stacks.checks import acknowledge
from stacks.connectors.collector import write_metrics
from stacks.connectors.configuration import kafka_bootstrap
from stacks.connectors.dead_letters import dead_letter_objects, write_dead_letters
from stacks.connectors.image import ConnectorImage
from stacks.connectors.login import Login, kafka_login
from stacks.connectors.secrets import read_secrets
from stacks.connectors.streams import write_stream
from stacks.kafka.permissions import find_brokers, route_on_kafka


def task_role(
    scope: Construct, environment: Environment, route: str, *, key: str | None, cluster_arn: str | None
) -> iam.Role:
    """Add the role of the connector itself: the actions its route needs, on the route's own ends.

    `key` is the ARN of the environment's own key, `cluster_arn` that of its cluster on MSK, where there is one.
    """
    statements = [
        *_route_statements(environment, route, key=key),
        *_kafka_statements(environment, route, cluster_arn=cluster_arn),
    ]
    role = iam.Role(
        scope,
        "TaskRole",
        description=f"What the connector of route {route} may do",
        assumed_by=_ecs_tasks(environment),
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
    route: str,
    *,
    images: Sequence[ConnectorImage],
    log_group: logs.ILogGroup,
    configurations: Sequence[ssm.IStringParameter],
    login: Login,
) -> iam.Role:
    """Add the role that ECS starts the task with: its images, its log, its configurations, its secrets."""
    role = iam.Role(
        scope,
        "ExecutionRole",
        description=f"What ECS may do to start the connector of route {route}",
        assumed_by=_ecs_tasks(environment),
        inline_policies={
            "Start": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=["ssm:GetParameters"], resources=[each.parameter_arn for each in configurations]
                    ),
                    # The group's ARN attribute ends in ":*", that is: its streams.
                    iam.PolicyStatement(
                        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                        resources=[log_group.log_group_arn],
                    ),
                    *read_secrets(environment, login.secrets),
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


def _ecs_tasks(environment: Environment) -> iam.ServicePrincipal:
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


def _route_statements(environment: Environment, route: str, *, key: str | None) -> Iterator[iam.PolicyStatement]:
    described = environment.routes[route]
    match described.target:
        case StreamEnd(stream=name):
            yield from write_stream(environment, name, key=key)
        case DeliveryEnd(delivery=name):
            yield iam.PolicyStatement(
                actions=["firehose:DescribeDeliveryStream", "firehose:PutRecordBatch"],
                resources=[delivery_arn(environment, name)],
            )
    yield from write_dead_letters(environment, described.dead_letters, key=key)
    if environment.connectors.prometheus is not None:
        yield write_metrics(environment.connectors.prometheus)


def _kafka_statements(
    environment: Environment, route: str, *, cluster_arn: str | None
) -> Iterator[iam.PolicyStatement]:
    """Yield what finding the brokers takes, and where they ask IAM, what the route does on them."""
    bootstrap = kafka_bootstrap(environment)
    if bootstrap.startswith("ssm:"):
        path = bootstrap.removeprefix("ssm:")
        yield iam.PolicyStatement(
            actions=["ssm:GetParameter"],
            resources=[f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}:parameter{path}"],
        )
    kafka = environment.kafka
    asked, cluster = (
        (kafka.asked_cluster, kafka.cluster_arn) if isinstance(kafka, ExternalKafka) else (cluster_arn, cluster_arn)
    )
    if asked is not None:
        yield find_brokers(asked)
    if cluster is not None and isinstance(kafka_login(environment).security, MskIam):
        yield from route_on_kafka(environment, route, cluster)
