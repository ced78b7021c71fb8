"""What a rollout of a connector will touch, looked at before anything is touched.

check       what came of one
subject     the route, and what ECS has of it

service · configuration · roles · image · secrets · ends · network      families of checks that ask AWS
topics · group                                                          those that ask Kafka
needs                                                                   what the roles must be allowed
references · registry · security_groups · trust                         what is judged without asking anybody
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from cli.aws import CONCURRENT_CALLS, Aws
from cli.cluster import Cluster, open_cluster
from cli.connector.checks.check import Check, Result, attempt
from cli.connector.checks.configuration import configuration_checks
from cli.connector.checks.ends import end_checks
from cli.connector.checks.group import group_checks
from cli.connector.checks.image import images
from cli.connector.checks.network import network_checks
from cli.connector.checks.roles import execution_role, task_role
from cli.connector.checks.secrets import secret_checks
from cli.connector.checks.service import log_groups, service_checks, stop_timeout
from cli.connector.checks.subject import Subject, read_subject
from cli.connector.checks.topics import offsets, topic_checks
from cli.errors import CliError, explain
from environments import Environment

__all__ = ["Check", "Result", "reachable_cluster", "verify"]

Family = Callable[[Subject], Iterator[Check]]

OF_AWS: Mapping[str, Family] = {
    "service": service_checks,
    "log-group": log_groups,
    "configuration": configuration_checks,
    "stop-timeout": stop_timeout,
    "task-role": task_role,
    "execution-role": execution_role,
    "image": images,
    "secrets": secret_checks,
    "ends": end_checks,
    "network": network_checks,
}
"""What is asked of AWS, all at the same time, in the order of the table."""

OF_KAFKA: Mapping[str, Family] = {"topics": topic_checks, "consumer-group": group_checks, "offsets": offsets}
"""What is asked of Kafka over one connection, one after the other."""


def verify(
    environment: Environment,
    aws: Aws,
    route: str,
    *,
    image: str | None = None,
    kafka: Cluster | CliError | None = None,
) -> list[Check]:
    """Look at everything that a rollout of the route's connector depends on. Nothing is changed.

    Args:
        environment: that declares the route.
        aws: the clients.
        route: by its short name.
        image: what the connector is to run, where that is not what its task definition says.
        kafka: the cluster, where it is open already, or why it cannot be reached.
    """
    if kafka is None:
        with reachable_cluster(environment) as opened:
            return verify(environment, aws, route, image=image, kafka=opened)
    # Made before the threads start: boto3 sessions must not make clients in several threads at once.
    _ = aws.ecs, aws.ssm, aws.secrets, aws.logs, aws.iam, aws.ec2, aws.kinesis, aws.firehose, aws.s3, aws.cloudformation
    subject = read_subject(aws, route, kafka, image=image)

    def look(family: tuple[str, Family]) -> list[Check]:
        name, checks = family
        return list(attempt(name, lambda: checks(subject)))

    with ThreadPoolExecutor(CONCURRENT_CALLS) as pool:
        of_aws = pool.map(look, OF_AWS.items())
        of_kafka = [check for family in OF_KAFKA.items() for check in look(family)]
        return [*(check for checks in of_aws for check in checks), *of_kafka]


@contextmanager
def reachable_cluster(environment: Environment) -> Iterator[Cluster | CliError]:
    """The Kafka cluster, or why it cannot be reached: it is out of reach of many places that reach AWS."""
    with ExitStack() as stack:
        found: Cluster | CliError
        try:
            found = stack.enter_context(open_cluster(environment))
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            found = explained
        yield found
