"""The connector of a route as a deploy leaves it, on the AWS stand-in, for a test to break one thing of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from kafka import KafkaAdminClient

from sandbox.kafka import Broker
from tests.cli.conftest import ACCOUNT, REGION, Project

ROUTE = "orders-to-stream"
TASKS: Any = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"},
    },
}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(resource: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


@dataclass
class Scene:
    """An environment with one route, and the clients to change what is live of it."""

    project: Project
    session: boto3.Session
    name: str
    topic: str
    sections: dict[str, Any]
    """As the environment file has them."""
    container: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        make: Any = self.session.client
        return make(service)

    @property
    def stream(self) -> str:
        return f"{self.name}-orders"

    @property
    def group(self) -> str:
        return f"streamops-{self.name}-{ROUTE}"

    @property
    def log_group(self) -> str:
        return f"/streamops/{self.name}/connectors/{ROUTE}"

    @property
    def parameter(self) -> str:
        return f"/streamops/{self.name}/connectors/{ROUTE}/config"

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"

    def role(self, kind: str) -> str:
        return f"{self.name}-{kind}"

    def allow(self, kind: str, *statements: Any) -> None:
        """Replace what a role may do."""
        policy = document(*statements)
        self.client("iam").put_role_policy(RoleName=self.role(kind), PolicyName="Route", PolicyDocument=policy)

    def register(self, **changes: Any) -> str:
        """Register the task definition with these members of its container changed."""
        self.container |= changes
        answer = self.client("ecs").register_task_definition(
            family=self.group,
            taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{self.role('task')}",
            executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{self.role('execution')}",
            networkMode="awsvpc",
            cpu="512",
            memory="1024",
            requiresCompatibilities=["FARGATE"],
            runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            containerDefinitions=[self.container],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def change(self, **changes: Any) -> None:
        """Let the service have a task definition with these members of its container changed."""
        self.client("ecs").update_service(
            cluster=f"streamops-{self.name}", service=ROUTE, taskDefinition=self.register(**changes)
        )

    def configure(self, **changes: Any) -> None:
        """Write the configuration that tasks start with."""
        text = json.dumps(
            {
                "route": ROUTE,
                "source": {
                    "kind": "kafka",
                    "bootstrap": "127.0.0.1:1",
                    "topic": self.topic,
                    "group": self.group,
                    "security": {"protocol": "plaintext"},
                },
                "sink": {"kind": "kinesis", "stream": self.stream, "region": REGION},
                **changes,
            }
        )
        self.client("ssm").put_parameter(Name=self.parameter, Type="String", Value=text, Overwrite=True)

    def verify(self, *arguments: str) -> Any:
        return self.project.run("connector", "verify", ROUTE, "-e", self.name, "-o", "json", *arguments)

    def checks(self, name: str) -> list[dict[str, str]]:
        return [item for item in self.verify().items if item["check"] == name]

    def check(self, name: str) -> dict[str, str]:
        (found,) = self.checks(name)
        return found

    def result(self, name: str) -> str:
        return self.check(name)["result"]


@pytest.fixture
def topic_there(broker: Broker, topic: str) -> str:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    return topic


@pytest.fixture
def deployed(project: Project, aws: boto3.Session, kafka: dict[str, Any], topic_there: str) -> Callable[..., Scene]:
    def made(**sections: Any) -> Scene:
        given: dict[str, Any] = {
            "kafka": kafka,
            "topics": {"orders": {"partitions": 2, "replication": 1, "name": topic_there}},
            "streams": {"orders": {"mode": "provisioned", "shards": 1}},
            "routes": {ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
        }
        scene = Scene(project, aws, project.write(**(given | sections)), topic_there, given | sections)
        _make(scene)
        return scene

    return made


@pytest.fixture
def scene(deployed: Callable[..., Scene]) -> Scene:
    return deployed()


def _make(scene: Scene) -> None:
    scene.client("kinesis").create_stream(StreamName=scene.stream, ShardCount=1)
    scene.client("logs").create_log_group(logGroupName=scene.log_group)
    scene.configure()
    for kind in ("task", "execution"):
        scene.client("iam").create_role(RoleName=scene.role(kind), AssumeRolePolicyDocument=document(TASKS))
    stream = scene.arn("kinesis", f"stream/{scene.stream}")
    scene.allow("task", allow(stream, "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords"))
    scene.allow(
        "execution",
        allow(scene.arn("ssm", f"parameter{scene.parameter}"), "ssm:GetParameters"),
        allow(scene.arn("logs", f"log-group:{scene.log_group}:*"), "logs:CreateLogStream", "logs:PutLogEvents"),
    )
    scene.container = {
        "name": "connector",
        "image": "streamops/connector:test",
        "essential": True,
        "stopTimeout": 120,
        "secrets": [{"name": "CONNECTOR_CONFIG", "valueFrom": scene.arn("ssm", f"parameter{scene.parameter}")}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": scene.log_group,
                "awslogs-region": REGION,
                "awslogs-stream-prefix": ROUTE,
            },
        },
    }
    cluster = f"streamops-{scene.name}"
    scene.client("ecs").create_cluster(clusterName=cluster)
    scene.client("ecs").create_service(
        cluster=cluster, serviceName=ROUTE, taskDefinition=scene.register(), desiredCount=1, launchType="FARGATE"
    )
