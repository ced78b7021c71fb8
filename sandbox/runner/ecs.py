"""What the runner asks of ECS and tells it, through the public API of the stand-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sandbox.errors import SandboxError
from sandbox.runner.credentials import TaskCredentials
from sandbox.runner.execution import Execution
from sandbox.runner.reconcile import DesiredService
from sandbox.runner.trust import require_trust
from sandbox.state import SandboxState

CREDENTIALS_SECONDS = 6 * 3600
"""How long the credentials of a task live, as on ECS; SDKs ask for new ones before."""
CONTAINER_INSTANCE = "sandbox"


class EcsControlPlane:
    """One cluster's services and tasks, seen by the machine that runs them.

    Real container instances report through ``SubmitTaskStateChange``; the stand-in understands the same call.
    """

    def __init__(self, state: SandboxState, cluster: str) -> None:
        self._state = state
        self._cluster = cluster
        self._ecs = state.client("ecs")
        self._iam = state.client("iam")
        self._sts = state.client("sts")
        self._credentials = TaskCredentials(self._assume)

    def services(self) -> Iterator[DesiredService]:
        """Every active service of the cluster; none while the cluster does not exist yet."""
        try:
            pages = self._ecs.get_paginator("list_services").paginate(cluster=self._cluster)
            arns = [arn for page in pages for arn in page["serviceArns"]]
        except self._ecs.exceptions.ClusterNotFoundException:
            return
        for start in range(0, len(arns), 10):  # DescribeServices takes ten at a time
            answer = self._ecs.describe_services(cluster=self._cluster, services=arns[start : start + 10])
            for service in answer["services"]:
                if service["status"] != "ACTIVE":
                    continue
                primary = next(entry for entry in service["deployments"] if entry["status"] == "PRIMARY")
                bounds = service.get("deploymentConfiguration", {})
                yield DesiredService(
                    name=service["serviceName"],
                    deployment=primary["id"],
                    task_definition=primary["taskDefinition"],
                    desired=service["desiredCount"],
                    minimum_healthy_percent=bounds.get("minimumHealthyPercent", 100),
                    maximum_percent=bounds.get("maximumPercent", 200),
                )

    def task_definition(self, arn: str) -> Mapping[str, Any]:
        """The task definition as it was registered."""
        answer: dict[str, Any] = self._ecs.describe_task_definition(taskDefinition=arn)
        definition: Mapping[str, Any] = answer["taskDefinition"]
        return definition

    def execution(self, task_definition: Mapping[str, Any], arn: str) -> Execution:
        """What ECS does for a task before it starts, in the name of the definition's execution role.

        Raises:
            SandboxError: the definition has no such role, or the role does not let ECS in.
        """
        role = task_definition.get("executionRoleArn")
        if role is None:
            raise SandboxError(
                f"{task_definition['family']} has no execution role, which Fargate needs for log and secrets"
            )
        self._require_trust(role, arn)
        task = arn.rpartition("/")[2]
        credentials = self._assume(role, task)
        return Execution(lambda service: self._state.client(service, credentials), task)

    def task_credentials(self, role: str | None, arn: str) -> dict[str, str]:
        """The variables by which a task finds the credentials of its role; a task without a role gets none.

        Raises:
            SandboxError: the role does not let ECS in.
        """
        if role is None:
            return {}
        self._require_trust(role, arn)
        return self._credentials.variables(arn.rpartition("/")[2], role)

    def _require_trust(self, role: str, task: str) -> None:
        described = self._iam.get_role(RoleName=role.rpartition("/")[2])["Role"]
        require_trust(role, described["AssumeRolePolicyDocument"], task)

    def _assume(self, role: str, session: str) -> Mapping[str, Any]:
        answer = self._sts.assume_role(RoleArn=role, RoleSessionName=session, DurationSeconds=CREDENTIALS_SECONDS)
        credentials: Mapping[str, Any] = answer["Credentials"]
        return credentials

    def tasks(self) -> list[str]:
        """The ARNs of all tasks of the cluster that should run; none while the cluster does not exist yet."""
        try:
            pages = self._ecs.get_paginator("list_tasks").paginate(cluster=self._cluster)
            return [arn for page in pages for arn in page["taskArns"]]
        except self._ecs.exceptions.ClusterNotFoundException:
            return []

    def start_task(self, service: DesiredService) -> str:
        """Have ECS note a new task of the service's deployment, PENDING until it is reported running; its ARN."""
        answer = self._ecs.start_task(
            cluster=self._cluster,
            taskDefinition=service.task_definition,
            containerInstances=[CONTAINER_INSTANCE],
            group=f"service:{service.name}",
        )
        if answer["failures"]:
            raise SandboxError(f"{service.name}: ECS does not take a task: {answer['failures'][0]}")
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def asked_to_stop(self, arns: Sequence[str]) -> Mapping[str, str]:
        """Of the given tasks those that somebody stopped (``StopTask``), with the reason."""
        answer = self._ecs.describe_tasks(cluster=self._cluster, tasks=list(arns)) if arns else {"tasks": []}
        return {
            task["taskArn"]: task.get("stoppedReason", "")
            for task in answer["tasks"]
            if task["desiredStatus"] == "STOPPED"
        }

    def report(self, arn: str, container: str, status: Literal["RUNNING", "HEALTHY", "UNHEALTHY"]) -> None:
        """Report that the task's container has started, or what its health check says now."""
        self._ecs.submit_task_state_change(
            cluster=self._cluster,
            task=arn,
            status="RUNNING",
            containers=[{"containerName": container, "status": status}],
        )

    def report_stopped(self, arn: str, reason: str, *, container: str, exit_code: int) -> None:
        """Report that the task's container has ended, and why."""
        self._credentials.forget(arn.rpartition("/")[2])
        ended = {"containerName": container, "status": "STOPPED", "reason": reason, "exitCode": exit_code}
        self._ecs.submit_task_state_change(
            cluster=self._cluster, task=arn, status="STOPPED", reason=reason, containers=[ended]
        )

    def report_not_started(self, arn: str, reason: str) -> None:
        """Report that the task's container could not be started, and why."""
        self._ecs.submit_task_state_change(cluster=self._cluster, task=arn, status="STOPPED", reason=reason)
