"""The deployed roles are enough, and no more than enough: each action taken away from a role is missed by its route."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from sandbox.process import owned_processes
from sandbox.waiting import wait_until
from tests.end_to_end.conftest import COMMAND_TIMEOUT_SECONDS, STREAMOPS, Deployment

LOOKED_AT = {
    "flights-to-stream": ("kinesis:DescribeStreamSummary", "ssm:GetParameter"),
    "flights-to-archive": ("firehose:DescribeDeliveryStream", "ssm:GetParameter"),
}
"""Actions that a route needs to look at its ends, which is the first that it does."""
MOVED_WITH = {"flights-to-stream": "kinesis:PutRecords", "flights-to-archive": "firehose:PutRecordBatch"}
DEMONSTRATIONS = {"flights-to-stream": "flights", "flights-to-archive": "archive"}
LISTED_WITH = "kinesis:ListShards"


def process_of(deployment: Deployment, route: str) -> psutil.Process:
    (process,) = (process for part, process in owned_processes(deployment.directory) if part == route)
    return process


def task_role(deployment: Deployment, route: str) -> str:
    """The name of the role that the route's task definition says, as it is deployed."""
    ecs = deployment.state.client("ecs")
    (service,) = ecs.describe_services(cluster="streamops-local", services=[route])["services"]
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    return str(answer["taskDefinition"]["taskRoleArn"]).rpartition("/")[2]


def running(deployment: Deployment, route: str) -> int:
    ecs = deployment.state.client("ecs")
    (service,) = ecs.describe_services(cluster="streamops-local", services=[route])["services"]
    return int(service["runningCount"])


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


@contextmanager
def without(deployment: Deployment, route: str, action: str) -> Iterator[None]:
    """Take one action away from a route's role while the block runs."""
    iam, role = deployment.state.client("iam"), task_role(deployment, route)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    left = [
        {**statement, "Action": actions}
        for statement in whole["Statement"]
        if (actions := [one for one in listed(statement["Action"]) if one != action])
    ]
    assert left != [{**statement, "Action": listed(statement["Action"])} for statement in whole["Statement"]]
    named = {"RoleName": role, "PolicyName": name}
    iam.put_role_policy(**named, PolicyDocument=json.dumps({**whole, "Statement": left}))
    try:
        yield
    finally:
        iam.put_role_policy(**named, PolicyDocument=json.dumps(whole))


def checked(deployment: Deployment, route: str) -> subprocess.CompletedProcess[str]:
    """Let a connector with the configuration and the credentials of the route's task look at both ends."""
    environment = process_of(deployment, route).environ()
    command = [sys.executable, "-m", "connector", "check"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def refused(action: str) -> str:
    return f"is not authorized to perform: {action} on resource: arn:aws:"


def test_no_action_of_a_role_is_left_out_here(deployment: Deployment):
    iam = deployment.state.client("iam")
    for route, looked_at in LOOKED_AT.items():
        role = task_role(deployment, route)
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        statements = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
        allowed = {action for statement in statements for action in listed(statement["Action"])}
        tried = {*looked_at, MOVED_WITH[route]} | ({LISTED_WITH} if route == "flights-to-stream" else set())
        assert allowed == tried


@pytest.mark.parametrize("route", LOOKED_AT)
def test_a_task_has_no_credentials_but_those_of_its_role(deployment: Deployment, route: str):
    variables = process_of(deployment, route).environ()
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} & variables.keys()
    done = checked(deployment, route)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("route", "action"), [(route, action) for route in LOOKED_AT for action in LOOKED_AT[route]])
def test_a_route_that_may_not_look_at_its_ends_says_what_is_missing(deployment: Deployment, route: str, action: str):
    with without(deployment, route, action):
        done = checked(deployment, route)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert refused(action) in done.stdout


@pytest.mark.parametrize("route", MOVED_WITH)
def test_a_route_that_may_not_write_says_so_and_loses_nothing(deployment: Deployment, route: str):
    log = deployment.directory / "logs" / f"{route}.log"
    before = log.stat().st_size
    command = [str(STREAMOPS), "sandbox", "run", DEMONSTRATIONS[route], "--records", "500"]
    with without(deployment, route, MOVED_WITH[route]):
        demonstration = subprocess.Popen(
            command,
            env=deployment.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = wait_until(lambda: refused(MOVED_WITH[route]) in log.read_text()[before:], timeout_seconds=60)
        assert demonstration.poll() is None, demonstration.communicate()
    output, _ = demonstration.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
    assert said
    assert demonstration.returncode == 0, output


def test_a_route_that_may_not_list_the_shards_says_so_from_its_start(deployment: Deployment):
    ecs = deployment.state.client("ecs")
    log = deployment.directory / "logs" / "flights-to-stream.log"
    before = log.stat().st_size
    with without(deployment, "flights-to-stream", LISTED_WITH):
        (task,) = ecs.list_tasks(cluster="streamops-local", serviceName="flights-to-stream")["taskArns"]
        ecs.stop_task(cluster="streamops-local", task=task)
        assert wait_until(lambda: refused(LISTED_WITH) in log.read_text()[before:], timeout_seconds=60)
    assert deployment.streamops("sandbox", "run", "flights", "--records", "500").returncode == 0


def test_a_task_whose_execution_role_may_not_read_the_configuration_does_not_start(deployment: Deployment):
    ecs = deployment.state.client("ecs")
    iam = deployment.state.client("iam")
    (service,) = ecs.describe_services(cluster="streamops-local", services=["flights-to-stream"])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    role = definition["executionRoleArn"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    left = [each for each in whole["Statement"] if "ssm:GetParameters" not in listed(each["Action"])]
    (task,) = ecs.list_tasks(cluster="streamops-local", serviceName="flights-to-stream")["taskArns"]
    log = deployment.directory / "logs" / "runner.log"
    before = log.stat().st_size
    named = {"RoleName": role, "PolicyName": name}
    iam.put_role_policy(**named, PolicyDocument=json.dumps({**whole, "Statement": left}))
    try:
        ecs.stop_task(cluster="streamops-local", task=task)
        said = "ResourceInitializationError: unable to pull secrets or registry auth"
        assert wait_until(lambda: said in log.read_text()[before:], timeout_seconds=60)
        assert refused("ssm:GetParameters") in log.read_text()[before:]
    finally:
        iam.put_role_policy(**named, PolicyDocument=json.dumps(whole))
    assert wait_until(lambda: running(deployment, "flights-to-stream") == 1, timeout_seconds=60)
