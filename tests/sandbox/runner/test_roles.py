"""The roles of a task: what ECS does with the execution role before the start, and how the task finds its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.credentials import ContainerProvider

from sandbox.errors import SandboxError
from sandbox.runner.credentials import TaskCredentials
from sandbox.runner.ecs import EcsControlPlane
from sandbox.state import SandboxState
from tests.sandbox.aws.conftest import ACCOUNT, REGION, StandIn, free_port, start, stop

TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/streamops-local/0123456789abcdef0123456789abcdef"
TASK_ID = TASK.rpartition("/")[2]
HERE = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"},
}
CONTAINER = {
    "name": "connector",
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/streamops", "awslogs-stream-prefix": "flights"},
    },
}
Role = Callable[..., str]


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    started = start(free_port(), tmp_path_factory.mktemp("standin") / "log")
    yield started
    stop(started)


@pytest.fixture
def state(standin: StandIn, tmp_path: Path) -> SandboxState:
    return SandboxState("local", tmp_path, standin.url, ACCOUNT, REGION, "test", "test", "127.0.0.1:1")


@pytest.fixture
def role(standin: StandIn) -> Iterator[Role]:
    """Make a role that allows one action on anything, and that lets ECS in under a condition."""
    iam = standin.client("iam")

    def made(
        *actions: str,
        condition: dict[str, Any] = HERE,
        service: str = "ecs-tasks.amazonaws.com",
        resource: str = "*",
    ) -> str:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        document = {"Version": "2012-10-17", "Statement": [{**trust, "Condition": condition}]}
        arn: str = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            iam.put_role_policy(
                RoleName="role",
                PolicyName="Start",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
            )
        return arn

    yield made
    for policy in iam.list_role_policies(RoleName="role")["PolicyNames"]:
        iam.delete_role_policy(RoleName="role", PolicyName=policy)
    iam.delete_role(RoleName="role")


def test_what_the_execution_role_may_read_reaches_the_container(standin: StandIn, state: SandboxState, role: Role):
    standin.client("ssm").put_parameter(Name="/route", Type="String", Value="the configuration")
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/route"
    login = standin.client("secretsmanager").create_secret(Name="login", SecretString='{"password": "secret"}')["ARN"]
    arn = role("ssm:GetParameters", "secretsmanager:GetSecretValue")
    execution = EcsControlPlane(state, "streamops-local").execution({"executionRoleArn": arn}, TASK)
    assert execution.secret(parameter) == execution.secret("/route") == "the configuration"
    assert execution.secret(login) == '{"password": "secret"}'
    assert execution.secret(f"{login}:password::") == "secret"
    with pytest.raises(SandboxError, match="did not contain json key user"):
        execution.secret(f"{login}:user::")
    with pytest.raises(SandboxError, match="invalid ssm parameters: /none"):
        execution.secret("/none")


def test_a_secret_known_by_its_name_alone_is_asked_for_without_the_end_of_its_arn(
    standin: StandIn, state: SandboxState, role: Role
):
    """As task definitions name it; the role then has six question marks for that end."""
    for name in ("team/kafka", "team/kafka-other"):
        standin.client("secretsmanager").create_secret(Name=name, SecretString='{"password": "secret"}')
    secrets = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
    arn = role("secretsmanager:GetSecretValue", resource=f"{secrets}:team/kafka-??????")
    execution = EcsControlPlane(state, "streamops-local").execution({"executionRoleArn": arn}, TASK)
    assert execution.secret(f"{secrets}:team/kafka:password::") == "secret"
    with pytest.raises(SandboxError, match=r"AccessDenied.* secretsmanager:GetSecretValue on"):
        execution.secret(f"{secrets}:team/kafka-other:password::")


def test_what_the_execution_role_may_not_do_keeps_the_task_from_starting(
    standin: StandIn, state: SandboxState, role: Role
):
    standin.client("logs").create_log_group(logGroupName="/streamops")
    execution = EcsControlPlane(state, "streamops-local").execution(
        {"executionRoleArn": role("logs:CreateLogStream")}, TASK
    )
    with pytest.raises(SandboxError, match=r"ResourceInitializationError: .*AccessDenied.* ssm:GetParameters on"):
        execution.secret("/route")
    with pytest.raises(SandboxError, match=r"failed to create Cloudwatch log stream: .*AccessDenied.*PutLogEvents on"):
        execution.open_log(CONTAINER, "logs/flights.log")


def test_the_log_stream_is_named_as_on_ecs_and_tells_where_the_lines_lie(
    standin: StandIn, state: SandboxState, role: Role
):
    logs = standin.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/streamops")["logGroups"]:
        logs.create_log_group(logGroupName="/streamops")
    arn = role("logs:CreateLogStream", "logs:PutLogEvents")
    control_plane = EcsControlPlane(state, "streamops-local")
    other = TASK.replace("0123", "4567")
    control_plane.execution({"executionRoleArn": arn}, other).open_log(CONTAINER, "logs/flights.log")
    stream = f"flights/connector/{other.rpartition('/')[2]}"
    (event,) = logs.get_log_events(logGroupName="/streamops", logStreamName=stream)["events"]
    assert event["message"] == "the log of this task is in logs/flights.log"


def test_a_definition_without_an_execution_role_cannot_start(state: SandboxState):
    with pytest.raises(SandboxError, match="family has no execution role"):
        EcsControlPlane(state, "streamops-local").execution({"family": "family"}, TASK)


@pytest.mark.parametrize(
    "refused",
    [
        {"service": "lambda.amazonaws.com"},
        {"condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:*"}}},
    ],
)
def test_a_role_that_does_not_let_ecs_in_is_told_in_its_words(state: SandboxState, role: Role, refused: dict[str, Any]):
    arn = role(**refused)
    control_plane = EcsControlPlane(state, "streamops-local")
    with pytest.raises(SandboxError, match="ECS was unable to assume the role 'arn:aws:iam"):
        control_plane.task_credentials(arn, TASK)
    with pytest.raises(SandboxError, match="ECS was unable to assume the role 'arn:aws:iam"):
        control_plane.execution({"executionRoleArn": arn}, TASK)


def test_an_sdk_finds_the_role_of_its_task_by_the_default_chain(
    standin: StandIn, state: SandboxState, role: Role, monkeypatch: pytest.MonkeyPatch
):
    standin.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    variables = EcsControlPlane(state, "streamops-local").task_credentials(role("kinesis:ListShards"), TASK)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (variables | state.aws_endpoint).items():
        monkeypatch.setenv(name, value)
    session: Any = botocore.session.Session()
    assert session.get_credentials().method == ContainerProvider.METHOD
    who = session.create_client("sts").get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/role/{TASK_ID}"
    kinesis = session.create_client("kinesis")
    assert len(kinesis.list_shards(StreamName="orders")["Shards"]) == 1
    with pytest.raises(kinesis.exceptions.AccessDeniedException, match="kinesis:DescribeStreamSummary on"):
        kinesis.describe_stream_summary(StreamName="orders")


def test_an_sdk_renews_what_is_about_to_expire(monkeypatch: pytest.MonkeyPatch):
    opened: list[tuple[str, str]] = []

    def assume(role: str, task: str) -> dict[str, Any]:
        opened.append((role, task))
        # botocore renews what lives for less than ten minutes before it is used.
        expires = datetime.now(UTC) + timedelta(minutes=5)
        keys = dict.fromkeys(("SecretAccessKey", "SessionToken"), "x")
        return {"AccessKeyId": f"ASIA{len(opened)}", **keys, "Expiration": expires}

    given = TaskCredentials(assume)
    for name, value in given.variables("one", "arn:role").items():
        monkeypatch.setenv(name, value)
    credentials = ContainerProvider().load()
    assert credentials is not None
    first = credentials.get_frozen_credentials().access_key
    assert credentials.get_frozen_credentials().access_key != first
    assert set(opened) == {("arn:role", "one")}
    given.close()


def test_nobody_gets_the_credentials_of_a_task_without_its_token():
    def assume(*_: str) -> dict[str, Any]:
        raise AssertionError

    given = TaskCredentials(assume)
    variables = given.variables("one", "arn:role")
    address = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].removeprefix("http://").partition("/")[0]

    def asked(task: str, token: str) -> int:
        connection = HTTPConnection(address)
        connection.request("GET", f"/v2/credentials/{task}", headers={"Authorization": token})
        status = connection.getresponse().status
        connection.close()
        return status

    assert asked("one", "") == asked("one", "guessed") == asked("two", "guessed") == 403
    given.forget("one")
    assert asked("one", variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) == 403
    given.close()
