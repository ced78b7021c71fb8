"""A service of ECS, as the one who plays scheduler and agent drives and sees it."""

from __future__ import annotations

from typing import Any

import boto3

CONTAINER: Any = {"name": "c", "image": "i", "memory": 128}
CHECKED: Any = {**CONTAINER, "healthCheck": {"command": ["CMD", "true"]}}
BREAKER: Any = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Agent:
    """A cluster with one service, and the calls of an agent on it."""

    def __init__(self, session: boto3.Session, container: Any = CONTAINER, desired: int = 1) -> None:
        self.ecs: Any = session.client("ecs")
        self.ecs.create_cluster(clusterName="c")
        self.first = self.register(container)
        self.running = ""
        """A task that somebody started, where the test has one."""
        self.ecs.create_service(
            cluster="c",
            serviceName="s",
            taskDefinition=self.first,
            desiredCount=desired,
            launchType="FARGATE",
            deploymentConfiguration=BREAKER,
        )

    def register(self, container: Any = CONTAINER) -> str:
        answer = self.ecs.register_task_definition(family="f", containerDefinitions=[container])
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def deploy(self, definition: str, **settings: Any) -> str:
        """Change the service to this task definition; give the deployment that it began."""
        answer = self.ecs.update_service(cluster="c", service="s", taskDefinition=definition, **settings)
        return str(answer["service"]["currentServiceDeployment"])

    def deployment(self, arn: str) -> Any:
        (found,) = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        return found

    def end(self, task: str) -> None:
        """What the scheduler does to a task that is needed no more."""
        self.report(task, "STOPPED", exit_code=0, reason="Scaling activity initiated by the service scheduler")

    def start(self, definition: str | None = None, **named: Any) -> str:
        answer = self.ecs.start_task(
            cluster="c",
            taskDefinition=definition or self.service["taskDefinition"],
            containerInstances=["sandbox"],
            group="service:s",
            **named,
        )
        return str(answer["tasks"][0]["taskArn"])

    def report(self, task: str, status: str, container: str | None = None, **named: Any) -> None:
        member = {"containerName": "c", "runtimeId": "4711", **({"status": container} if container else {})}
        if "exit_code" in named:
            member["exitCode"] = named.pop("exit_code")
        self.ecs.submit_task_state_change(cluster="c", task=task, status=status, containers=[member], **named)

    @property
    def service(self) -> Any:
        return self.ecs.describe_services(cluster="c", services=["s"])["services"][0]

    def task(self, arn: str) -> Any:
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def listed(self, status: str) -> list[str]:
        return list(self.ecs.list_tasks(cluster="c", serviceName="s", desiredStatus=status)["taskArns"])
