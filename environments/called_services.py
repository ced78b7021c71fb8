"""The AWS services that tasks and machines in the network call, as VPC endpoints name them.

A VPC without a way to the internet needs an interface endpoint for each of them, and an address for each endpoint.
Amazon S3 is not among them: its gateway endpoint is free, takes no address, and is always there. Nor is STS for
credentials, which tasks and machines have from link-local addresses
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from environments.connectors import ConnectorSettings
from environments.ends import DeliveryEnd, StreamEnd
from environments.kafka import Ec2Kafka, ExternalKafka, Kafka
from environments.routes import Route

TASKS = frozenset({"logs", "ecr.api", "ecr.dkr", "ssm"})
"""Where every connector has its log, its image and its configuration."""

AUTOSCALER = frozenset(
    {"logs", "ecr.api", "ecr.dkr", "kinesis-streams", "monitoring", "cloudtrail", "application-autoscaling", "sts"}
)
"""Where ``streamops stream reshard NAME --auto`` has its log and its image, and what it asks before it reshards."""

NODES = frozenset({"acm-pca", "autoscaling", "cloudformation", "ec2", "logs", "secretsmanager", "ssm", "ssmmessages"})
"""What a node of Kafka on EC2 calls while it starts, and by which people get at it (Session Manager)."""


def called_services(
    kafka: Kafka | None, routes: Iterable[Route], connectors: ConnectorSettings | None
) -> frozenset[str]:
    """Return the services that are called in the network, as far as its parts are known."""
    routes = tuple(routes)
    called = set(NODES) if isinstance(kafka, Ec2Kafka) else set()
    if routes:
        called |= TASKS | _by_login(kafka)
        if connectors is not None and connectors.prometheus is not None:
            called.add("aps-workspaces")
    if connectors is not None and connectors.autoscaler is not None:
        called |= AUTOSCALER
    for route in routes:
        for end in (route.source, route.target, route.dead_letters):
            match end:
                case StreamEnd():
                    called.add("kinesis-streams")
                case DeliveryEnd():
                    called.add("kinesis-firehose")
    return frozenset(called)


def _by_login(kafka: Kafka | None) -> set[str]:
    """What ECS and connectors call for brokers' addresses and for what they log in with."""
    if kafka is None:
        return set()
    if isinstance(kafka, ExternalKafka):
        references = (kafka.secret, kafka.ca, kafka.oauth.ca if kafka.oauth else None)
        secrets = any(each is not None and each.startswith("secret:") for each in references)
        msk = kafka.asked_cluster is not None
    elif isinstance(kafka, Ec2Kafka):
        secrets, msk = True, False
    else:
        secrets, msk = kafka.client_auth != "iam", True
    return {service for service, needed in (("secretsmanager", secrets), ("kafka", msk)) if needed}
