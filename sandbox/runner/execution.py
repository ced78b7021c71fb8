"""What ECS does for a task before its container starts, with the credentials of the execution role.

It reads the secrets and opens the log; what the role does not allow keeps the task from starting, as in AWS.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from sandbox.errors import SandboxError
from sandbox.runner.task_log import Put

SECRET_PARTS = 7
"""Parts of a secret's ARN; a reference may add a JSON key, a version stage and a version id."""


class Execution:
    """One start of one task."""

    def __init__(self, client: Callable[[str], Any], task: str) -> None:
        """Act in the name of the execution role.

        Args:
            client: makes a client of a service with the role's credentials.
            task: id of the task.
        """
        self._client = client
        self._task = task

    def secret(self, reference: str) -> str:
        """The value behind a secret's ``valueFrom``, as ECS injects it into a container.

        An SSM parameter by its name or ARN, or a secret of Secrets Manager by its ARN, whole or one key of its JSON.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html

        Raises:
            SandboxError: it is not there, or the execution role may not read it.
        """
        try:
            return self._secret(reference) if ":secretsmanager:" in reference else self._parameter(reference)
        except ClientError as error:
            raise SandboxError(
                f"ResourceInitializationError: unable to pull secrets or registry auth: {reference}: {error}"
            ) from error

    def open_log(self, container: Mapping[str, Any], written_to: str) -> Put | None:
        """Make the log stream of a container, and say in it where its lines lie too: in a file.

        Returns:
            what brings lines into the stream; None where the container has another log driver or none.

        Raises:
            SandboxError: there is no such log group, or the execution role may not write to it.
        """
        log = container.get("logConfiguration", {})
        if log.get("logDriver") != "awslogs":
            return None
        options = log["options"]
        prefix = options.get("awslogs-stream-prefix")
        named = {
            "logGroupName": options["awslogs-group"],
            "logStreamName": f"{prefix}/{container['name']}/{self._task}" if prefix else self._task,
        }
        told = {"timestamp": int(time.time() * 1000), "message": f"the log of this task is in {written_to}"}
        try:
            logs = self._client("logs")
            logs.create_log_stream(**named)
            logs.put_log_events(**named, logEvents=[told])
        except ClientError as error:
            raise SandboxError(
                f"ResourceInitializationError: failed to validate logger args: "
                f"failed to create Cloudwatch log stream: {error}"
            ) from error

        def put(events: Sequence[dict[str, Any]]) -> None:
            logs.put_log_events(**named, logEvents=events)

        return put

    def _parameter(self, reference: str) -> str:
        name = reference.partition(":parameter")[2] or reference
        answer = self._client("ssm").get_parameters(Names=[name], WithDecryption=True)
        if not answer["Parameters"]:
            raise SandboxError(
                f"ResourceInitializationError: unable to pull secrets or registry auth: invalid ssm parameters: {name}"
            )
        value: str = answer["Parameters"][0]["Value"]
        return value

    def _secret(self, reference: str) -> str:
        parts = reference.split(":")
        key, stage, version = (parts[SECRET_PARTS:] + [""] * 3)[:3]
        which = {name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value}
        answer = self._client("secretsmanager").get_secret_value(SecretId=":".join(parts[:SECRET_PARTS]), **which)
        text: str = answer["SecretString"]
        if not key:
            return text
        held = json.loads(text)
        if key not in held:
            raise SandboxError(
                "ResourceInitializationError: unable to pull secrets or registry auth: "
                f"retrieved secret from Secrets Manager did not contain json key {key}"
            )
        return str(held[key])
