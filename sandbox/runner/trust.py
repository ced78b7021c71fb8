"""Whether a role lets ECS assume it for a task: a role that does not is only found out when a task starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws.authorization.policy import Decision, decide
from sandbox.errors import SandboxError

SERVICE = "ecs-tasks.amazonaws.com"


def require_trust(role: str, trust: Mapping[str, Any], task: str) -> None:
    """Make sure that the trust policy of `role` lets ECS in on behalf of the task with that ARN.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html

    Raises:
        SandboxError: it does not, in the words of ECS.
    """
    statements = [
        {**statement, "Resource": role}
        for statement in _listed(trust["Statement"])
        if SERVICE in _listed(statement.get("Principal", {}).get("Service", []))
    ]
    context = {"aws:sourcearn": task, "aws:sourceaccount": task.split(":")[4]}
    if decide([{"Statement": statements}], "sts:AssumeRole", role, context) is not Decision.ALLOWED:
        raise SandboxError(
            f"ECS was unable to assume the role '{role}' that was provided for this task. "
            "Please verify that the role being passed has the proper trust relationship and permissions"
        )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - whatever stands in a policy
    return value if isinstance(value, list) else [value]
