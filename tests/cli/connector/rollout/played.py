"""A service on the stand-in with somebody who plays scheduler, agent and tasks: what each image does is in its tag."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

import boto3
from confluent_kafka import Consumer, Producer

ROUTE = "orders-to-stream"
REPOSITORY = "registry.example/connector"
GOOD, NEWER = f"{REPOSITORY}:good", f"{REPOSITORY}:newer"
BROKEN, SLOW, DEAF = "broken", "slow", "deaf"
"""Tags of images that end at once, that never become ready, and that run and read nothing."""
BREAKER: Any = {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
}


class Reader:
    """The consumer group of the route on the real broker: one member, which reads as long as it should."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "session.timeout.ms": 6000,
            }
        )
        self.consumer.subscribe([topic])
        self.deaf = False

    def work(self) -> None:
        assigned = self.consumer.assignment()
        if assigned:
            (self.consumer.pause if self.deaf else self.consumer.resume)(assigned)
        for message in self.consumer.consume(500, 0.05):
            if not self.deaf and message.error() is None:
                self.consumer.commit(message=message, asynchronous=False)

    def close(self) -> None:
        self.consumer.close()


class Played(threading.Thread):
    """Keeps the tasks of one service as ECS says they should be, and reads what the tasks would read."""

    def __init__(self, session: boto3.Session, environment: str, bootstrap: str, topic: str) -> None:
        super().__init__(daemon=True)
        self.ecs: Any = session.client("ecs")
        self.logs: Any = session.client("logs")
        self.environment, self.cluster = environment, f"streamops-{environment}"
        self.bootstrap, self.topic, self.group = bootstrap, topic, f"streamops-{environment}-{ROUTE}"
        self.tasks: dict[str, str] = {}
        """The tasks that run, with the tag of each one's image."""
        self.deployment: dict[str, str] = {}
        """The deployment of each."""
        self.started: dict[str, list[str]] = defaultdict(list)
        """Tasks by tag, as they were started."""
        self.ended: list[str] = []
        self.failing = {BROKEN}
        """Tags of images whose tasks end at once."""
        self.traffic = False
        """Whether records keep coming."""
        self.done = threading.Event()
        self.problem: BaseException | None = None
        self.ecs.create_cluster(clusterName=self.cluster)
        self.first = self.register(GOOD)
        self.logs.create_log_group(logGroupName=f"/streamops/{environment}/connectors/{ROUTE}")

    def register(self, image: str, **more: Any) -> str:
        container = {"name": "connector", "image": image, "essential": True, **more}
        answer = self.ecs.register_task_definition(
            family=f"streamops-{self.environment}-{ROUTE}",
            containerDefinitions=[container],
            cpu="512",
            memory="1024",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            tags=[{"key": "team", "value": "streams"}],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, desired: int = 1) -> None:
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=ROUTE,
            taskDefinition=self.first,
            desiredCount=desired,
            launchType="FARGATE",
            deploymentConfiguration=BREAKER,
        )
        self.start()

    @property
    def service(self) -> Any:
        return self.ecs.describe_services(cluster=self.cluster, services=[ROUTE], include=["TAGS"])["services"][0]

    @property
    def image(self) -> str:
        return str(self._image(self.service["taskDefinition"]))

    def deployments(self) -> list[str]:
        """The states of all deployments, the newest first."""
        found = self.ecs.list_service_deployments(cluster=self.cluster, service=ROUTE)["serviceDeployments"]
        return [each["status"] for each in found]

    def run(self) -> None:
        reader: Reader | None = None
        try:
            while not self.done.wait(0.05):
                self._step()
                if self.traffic:
                    produce(self.bootstrap, self.topic, 2)
                reading = [tag for tag in self.tasks.values() if tag not in (BROKEN, SLOW)]
                if reading and reader is None:
                    reader = Reader(self.bootstrap, self.topic, self.group)
                elif not reading and reader is not None:
                    reader.close()
                    reader = None
                if reader is not None:
                    reader.deaf = all(tag == DEAF for tag in reading)
                    reader.work()
        except BaseException as error:  # noqa: BLE001 - the test tells it
            self.problem = error
        finally:
            if reader is not None:
                reader.close()

    def stop(self) -> None:
        self.done.set()
        self.join(20)
        assert self.problem is None, self.problem

    def _step(self) -> None:
        service = self.service
        primary = service["deployments"][0]
        definition, desired = primary["taskDefinition"], service["desiredCount"]
        limits = service["deploymentConfiguration"]
        tag = self._image(definition).rpartition(":")[2]
        own = [task for task, its in self.deployment.items() if its == primary["id"]]
        others = [task for task in self.tasks if task not in own]
        idle = [task for task in others if self.tasks[task] == SLOW]
        for task in (*own[desired:], *idle):  # what is not ready carries nothing, and goes first
            self._end(task)
        others = [task for task in others if task not in idle]
        if len(own) < desired and len(self.tasks) < desired * limits["maximumPercent"] / 100:
            self._start(definition, tag, primary["id"])
        elif others and ((len(own) >= desired and tag != SLOW) or limits["minimumHealthyPercent"] == 0):
            self._end(others[0])

    def _start(self, definition: str, tag: str, deployment: str) -> None:
        answer = self.ecs.start_task(
            cluster=self.cluster, taskDefinition=definition, containerInstances=["played"], group=f"service:{ROUTE}"
        )
        task = str(answer["tasks"][0]["taskArn"])
        self.started[tag].append(task)
        if tag in self.failing:
            self._log(task, "no such topic: orders")
            self._report(task, "STOPPED", "Essential container in task exited", exit_code=1)
            return
        self.tasks[task], self.deployment[task] = tag, deployment
        if tag != SLOW:
            self._report(task, "RUNNING")

    def _end(self, task: str) -> None:
        self.ended.append(self.tasks.pop(task))
        del self.deployment[task]
        self._report(task, "STOPPED", "Scaling activity initiated by the service scheduler", exit_code=0)

    def _report(self, task: str, status: str, reason: str = "", exit_code: int | None = None) -> None:
        member: dict[str, Any] = {"containerName": "connector", "runtimeId": "4711"}
        if exit_code is not None:
            member["exitCode"] = exit_code
        self.ecs.submit_task_state_change(
            cluster=self.cluster, task=task, status=status, reason=reason, containers=[member]
        )

    def _log(self, task: str, line: str) -> None:
        names = {
            "logGroupName": f"/streamops/{self.environment}/connectors/{ROUTE}",
            "logStreamName": f"{ROUTE}/connector/{task.rpartition('/')[2]}",
        }
        self.logs.create_log_stream(**names)
        self.logs.put_log_events(**names, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])

    def _image(self, definition: str) -> str:
        found = self.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return str(found["containerDefinitions"][0]["image"])


def produce(bootstrap: str, topic: str, records: int) -> None:
    """Write records, spread over the partitions."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(records):
        producer.produce(topic, value=b"x", partition=number % 2)
    assert producer.flush(10) == 0
