"""What the two roles of a task must be allowed, worked out from what is live: the ARNs that are really used."""

from __future__ import annotations

from collections.abc import Iterator

from cli.connector.checks.references import Reference, references
from cli.connector.checks.registry import image_in_ecr
from cli.connector.checks.subject import Subject
from cli.errors import NotFoundError
from cli.kafka_secrets import dereference
from environments import ExternalKafka, StreamEnd, naming
from environments.route_permissions import Permission, service_endpoint, task_permissions

MSK = "msk:"


def live_task_permissions(subject: Subject) -> Iterator[Permission]:
    """What the connector of a route does, with the key and the cluster that there really are."""
    yield from task_permissions(
        subject.environment, subject.route, key=_key_in_use(subject), cluster=_made_cluster(subject)
    )


def _key_in_use(subject: Subject) -> str | None:
    """ARN of the environment's own key, which streams that the route writes are encrypted with."""
    environment, declared = subject.environment, subject.declared
    for end in (declared.target, declared.dead_letters):
        if isinstance(end, StreamEnd) and environment.streams[end.stream].encryption == "environment":
            kinesis = subject.aws.kinesis
            try:
                told = kinesis.describe_stream_summary(StreamName=naming.stream_name(environment, end.stream))
            except kinesis.exceptions.ResourceNotFoundException:
                continue
            key = told["StreamDescriptionSummary"].get("KeyId", "")
            if ":key/" in key:
                return str(key)
    return None


def _made_cluster(subject: Subject) -> str | None:
    """ARN of the cluster that is made on MSK; None where there is none, or it is not deployed yet."""
    environment = subject.environment
    if isinstance(environment.kafka, ExternalKafka):
        return None
    try:
        found = dereference(environment, naming.bootstrap_reference(environment.name))
    except NotFoundError:
        return None
    return found.removeprefix(MSK) if found.startswith(MSK) else None


def start_permissions(subject: Subject) -> Iterator[Permission]:
    """What ECS does to start the task: read what its variables hold, write its log, pull its images."""
    environment = subject.environment
    scope = f"{environment.region}:{environment.account}"
    for reference in references(subject):
        yield from _reading(subject, reference)
    groups: dict[str, None] = {}
    for container in subject.containers:
        log = container.get("logConfiguration") or {}
        if log.get("logDriver") == "awslogs":
            groups[log.get("options", {}).get("awslogs-group", "")] = None
    for group in groups:
        yield Permission(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            f"arn:{environment.partition}:logs:{scope}:log-group:{group}:log-stream:sample",
        )
    repositories = dict.fromkeys(
        image.repository_arn(environment.partition)
        for container in subject.containers
        if (image := image_in_ecr(container["image"])) is not None
    )
    for repository in repositories:
        yield Permission(
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), repository
        )
    if repositories:
        yield Permission(("ecr:GetAuthorizationToken",), "*")


def _reading(subject: Subject, reference: Reference) -> Iterator[Permission]:
    """Nothing for what does not exist, which is told by a check of its own."""
    if reference.service == "ssm":
        yield Permission(("ssm:GetParameters",), reference.arn)
        found = subject.aws.ssm.describe_parameters(
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [reference.name]}]
        )["Parameters"]
        key = next((each.get("KeyId", "") for each in found if each.get("Type") == "SecureString"), "")
    else:
        secrets = subject.aws.secrets
        try:
            secret = secrets.describe_secret(SecretId=reference.arn)
        except secrets.exceptions.ResourceNotFoundException:
            return
        # In full: a task definition may leave out the six characters at the end of a secret's ARN.
        yield Permission(("secretsmanager:GetSecretValue",), secret["ARN"])
        key = secret.get("KmsKeyId") or ""
    # Keys that AWS manages let everybody in the account use them through their service, and are named by alias.
    if ":key/" in key:
        yield Permission(("kms:Decrypt",), key, via=service_endpoint(subject.environment, reference.service))
