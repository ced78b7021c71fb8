"""A connector on the stand-in, whose scheduler and agent a test plays."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cli.aws import Aws
from environments import load_environment, naming

ROUTE = "orders-to-stream"
IMAGE = "streamops/connector:"
GONE = "Essential container in task exited"


class Service:
    """One connector and the calls of those who run it."""

    def __init__(self, session: boto3.Session, environment: str) -> None:
        self.session = session
        self.environment = load_environment(environment)
        self.ecs: Any = session.client("ecs")
        self.logs: Any = session.client("logs")
        self.cloudwatch: Any = session.client("cloudwatch")
        self.cluster = naming.ecs_cluster_name(self.environment)
        self.group = naming.log_group_name(self.environment, ROUTE)
        self.family = naming.task_family(self.environment, ROUTE)
        self.ecs.create_cluster(clusterName=self.cluster)
        self.logs.create_log_group(logGroupName=self.group)
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=ROUTE,
            taskDefinition=self.register("1.0"),
            desiredCount=1,
            launchType="FARGATE",
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )

    def register(self, tag: str) -> str:
        """A revision with an image of this tag; its ARN."""
        container = {"name": "connector", "image": f"{IMAGE}{tag}", "memory": 256}
        answer = self.ecs.register_task_definition(family=self.family, containerDefinitions=[container])
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def deploy(self, tag: str) -> str:
        """Begin to roll out an image; the ARN of the service deployment."""
        answer = self.ecs.update_service(cluster=self.cluster, service=ROUTE, taskDefinition=self.register(tag))
        return str(answer["service"]["currentServiceDeployment"])

    def start(self) -> str:
        """A task of the newest deployment, running and healthy; its ARN."""
        task = self.begin()
        self.report(task, "RUNNING", status="HEALTHY")
        return task

    def begin(self) -> str:
        """A task that is still coming up."""
        (service,) = self.ecs.describe_services(cluster=self.cluster, services=[ROUTE])["services"]
        started = self.ecs.start_task(
            cluster=self.cluster,
            taskDefinition=service["taskDefinition"],
            containerInstances=["laptop"],
            group=f"service:{ROUTE}",
        )
        return str(started["tasks"][0]["taskArn"])

    def report(self, task: str, task_status: str, reason: str = "", **container: object) -> None:
        about = [{"containerName": "connector", **container}] if container else []
        self.ecs.submit_task_state_change(
            cluster=self.cluster, task=task, status=task_status, reason=reason, containers=about
        )

    def crash(self, *lines: str, code: int = 1) -> str:
        """A task of the newest deployment that writes these lines and ends."""
        task = self.begin()
        self.report(task, "RUNNING", status="RUNNING")
        self.write(task, *lines)
        self.report(task, "STOPPED", GONE, status="STOPPED", exitCode=code)
        return task

    def needed_no_more(self, task: str) -> None:
        self.report(
            task,
            "STOPPED",
            "Scaling activity initiated by the service scheduler",
            status="STOPPED",
            exitCode=0,
        )

    def roll(self, tag: str) -> str:
        """Roll out an image to its good end, with one task; the task."""
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName=ROUTE)["taskArns"]
        self.deploy(tag)
        task = self.start()
        for old in arns:
            self.needed_no_more(old)
        return task

    def write(self, task: str, *lines: str, at: float | None = None) -> None:
        """Lines into the log stream of a task."""
        stream = f"{ROUTE}/connector/{task.rpartition('/')[2]}"
        known = self.logs.describe_log_streams(logGroupName=self.group, logStreamNamePrefix=stream)["logStreams"]
        if not known:
            self.logs.create_log_stream(logGroupName=self.group, logStreamName=stream)
        if not lines:
            return
        moment = int((at or time.time()) * 1000)
        events = [{"timestamp": moment + number, "message": line} for number, line in enumerate(lines)]
        self.logs.put_log_events(logGroupName=self.group, logStreamName=stream, logEvents=events)


@pytest.fixture
def environment(project, kafka, topic) -> str:
    return str(
        project.write(
            kafka=kafka,
            topics={"orders": {"partitions": 2, "replication": 1, "name": topic}},
            streams={"orders": {"mode": "provisioned", "shards": 2}},
            routes={ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
            connectors={"image": "streamops/connector:test", "metrics": "cloudwatch"},
        )
    )


@pytest.fixture
def service(aws, environment) -> Service:
    """A service that asks for one task of image 1.0 and has none yet."""
    return Service(aws, environment)


@pytest.fixture
def run(project, environment) -> Callable[..., Any]:
    """``streamops connector …`` in the environment."""
    return lambda *arguments: project.run("connector", *arguments, "-e", environment)


@pytest.fixture
def opened(service) -> Aws:
    """The environment's AWS, as commands have it."""
    return Aws(service.environment)
