"""What a task definition refers to: variables whose values ECS reads of parameters and secrets. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cli.connector.checks.subject import Subject

SECRET_ARN_PARTS = 7
"""``arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME``; behind it may follow a key of its JSON, a stage and a version.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""


@dataclass(frozen=True)
class Reference:
    """One variable of a container, and where its value lies."""

    container: str
    variable: str
    service: str
    """``ssm`` or ``secretsmanager``."""
    arn: str
    key: str | None = None
    """Of the JSON that the secret holds; None for all of its text."""

    @property
    def name(self) -> str:
        """As people know it: the path of a parameter, the ARN's last part of a secret."""
        if self.service == "ssm":
            return self.arn.partition(":parameter")[2]
        return self.arn.rpartition(":")[2]


def references(subject: Subject) -> Iterator[Reference]:
    """All of them, of all containers."""
    environment = subject.environment
    for container in subject.containers:
        for entry in container.get("secrets") or ():
            value, variable = str(entry["valueFrom"]), str(entry["name"])
            if ":secretsmanager:" in value:
                parts = value.split(":")
                key = parts[SECRET_ARN_PARTS] if len(parts) > SECRET_ARN_PARTS else ""
                arn = ":".join(parts[:SECRET_ARN_PARTS])
                yield Reference(container["name"], variable, "secretsmanager", arn, key or None)
                continue
            if not value.startswith("arn:"):
                path = value if value.startswith("/") else f"/{value}"
                value = f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}:parameter{path}"
            yield Reference(container["name"], variable, "ssm", value)
