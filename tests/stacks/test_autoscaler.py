"""What scales streams by their load on a schedule: only where it is asked for, and allowed what its command calls."""

import json
from typing import Any

import pytest

from environments.autoscaler_permissions import OF_A_STREAM, OF_THE_ACCOUNT
from stacks.refusals import refusals
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import ECR_IMAGE, GIVEN_NETWORK, PLAIN, Templates, describe
from tests.stacks.test_endpoint_policies import policies
from tests.stacks.test_least_privilege import as_list, policy

IMAGE = ECR_IMAGE.replace("team/connector", "team/streamops")
AUTOSCALE = {"mode": "provisioned", "shards": 3, "autoscale": {"min": 2, "max": 8}}
SECTIONS: dict[str, Any] = {
    "streams": {"orders": AUTOSCALE, "events": {**AUTOSCALE, "name": "Events"}, "fixed": {"mode": "on-demand"}},
    "deliveries": None,
    "alarms": {"enabled": False},
}
ROUTE = {"routes": {"orders-to-stream": PLAIN["routes"]["orders-to-stream"]}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("autoscaler")
    settings = {"image": IMAGE, "every": "10m"}
    arm = {"autoscaler": settings}
    environments = [
        describe(folder, "routed", **SECTIONS, **ROUTE, connectors=arm),
        describe(folder, "alone", **SECTIONS, routes=None, connectors={"autoscaler": {**settings, "every": "1m"}}),
        describe(folder, "given", **SECTIONS, **ROUTE, connectors=arm, network=GIVEN_NETWORK),
    ]
    return Templates(environments, tmp_path_factory.mktemp("assembly"), check=True)


def schedule(made: Templates, environment: str = "routed") -> dict[str, Any]:
    (found,) = made.properties(environment, "connectors", "Scheduler::Schedule")
    return found


def task(made: Templates, environment: str = "routed") -> tuple[str, dict[str, Any]]:
    tasks = made.resources(environment, "connectors", "ECS::TaskDefinition")
    ((key, found),) = ((key, each["Properties"]) for key, each in tasks.items() if key.startswith("Autoscaler"))
    return key, found


def role(made: Templates, name: str, environment: str = "routed") -> tuple[str, dict[str, Any]]:
    roles = made.resources(environment, "connectors", "IAM::Role")
    ((key, found),) = ((key, each["Properties"]) for key, each in roles.items() if key.startswith(f"Autoscaler{name}"))
    return key, found


def test_nothing_of_it_is_there_unless_it_is_asked_for(templates: Templates):
    for environment in templates.environments():
        for stack in templates.stacks(environment):
            assert templates.resources(environment, stack, "Scheduler::Schedule") == {}
            assert not [key for key in templates.resources(environment, stack) if key.startswith("Autoscaler")]


def test_it_runs_the_command_for_all_streams_that_say_so(made: Templates):
    (container,) = task(made)[1]["ContainerDefinitions"]
    line = [*container["EntryPoint"], *container["Command"]]
    assert line == ["streamops", "stream", "reshard", "orders", "events", "--auto", "--yes", "-e", "routed"]
    assert container["Image"] != PLAIN["connectors"].get("image")
    assert "team/streamops" in json.dumps(container["Image"])


def test_its_task_is_small_and_locked_down(made: Templates):
    _, found = task(made)
    assert (found["Cpu"], found["Memory"]) == ("256", "512")
    assert found["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    (container,) = found["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert container["User"] == "1000:1000"
    group = container["LogConfiguration"]["Options"]["awslogs-group"]["Ref"]
    log = made.resources("routed", "connectors")[group]["Properties"]
    assert log["LogGroupName"] == "/streamops/routed/autoscaler"


def test_it_may_reshard_its_streams_and_read_what_speaks_against_it(made: Templates):
    named = [f"arn:aws:kinesis:eu-west-1:111122223333:stream/{name}" for name in ("Events", "routed-orders")]
    allowed = policy(made, "routed", "AutoscalerTaskRole")
    assert allowed == {**dict.fromkeys(OF_A_STREAM, named), **{each: ["*"] for each in OF_THE_ACCOUNT}}
    reading = [action for action, resources in allowed.items() if resources == ["*"]]
    assert all(action.split(":")[1].startswith(("Describe", "Get", "Lookup")) for action in reading)


def test_the_schedule_is_kept_to_the_minute_and_tries_nothing_twice(made: Templates):
    found = schedule(made)
    assert found["ScheduleExpression"] == "rate(10 minutes)"
    assert schedule(made, "alone")["ScheduleExpression"] == "rate(1 minute)"
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert found["Target"]["EcsParameters"]["TaskDefinitionArn"] == {"Ref": task(made)[0]}
    ((cluster, _),) = made.resources("routed", "connectors", "ECS::Cluster").items()
    assert found["Target"]["Arn"] == {"Fn::GetAtt": [cluster, "Arn"]}


def test_the_schedule_may_start_this_task_with_its_own_roles_and_nothing_else(made: Templates):
    key, found = role(made, "ScheduleRole")
    assert schedule(made)["Target"]["RoleArn"] == {"Fn::GetAtt": [key, "Arn"]}
    (document,) = (each["PolicyDocument"] for each in found["Policies"])
    run, hand_on = document["Statement"]
    assert (run["Action"], run["Resource"]) == ("ecs:RunTask", {"Ref": task(made)[0]})
    assert hand_on["Action"] == "iam:PassRole"
    assert hand_on["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    own = [task(made)[1][each] for each in ("ExecutionRoleArn", "TaskRoleArn")]
    assert hand_on["Resource"] == own
    (trust,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:eu-west-1:111122223333:schedule-group/default"},
    }


@pytest.mark.parametrize("environment", ["routed", "given"])
def test_it_stands_where_connectors_stand_and_lets_nobody_in(made: Templates, environment: str):
    placed = schedule(made, environment)["Target"]["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    (service,) = made.properties(environment, "connectors", "ECS::Service")
    connector = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert placed["Subnets"] == connector["Subnets"]
    assert placed["AssignPublicIp"] == connector["AssignPublicIp"] == "DISABLED"
    own, *given = placed["SecurityGroups"]
    assert own not in connector["SecurityGroups"]
    assert given == connector["SecurityGroups"][1:]
    group = made.resources(environment, "connectors")[own["Fn::GetAtt"][0]]["Properties"]
    assert "SecurityGroupIngress" not in group


@pytest.mark.parametrize("environment", ["routed", "alone"])
def test_all_that_it_calls_passes_an_endpoint(made: Templates, environment: str):
    passes = {action for each in policies(made, environment).values() for action in as_list(each["Action"])}
    assert {*OF_A_STREAM, *OF_THE_ACCOUNT, "sts:GetCallerIdentity"} <= passes
    assert not [action for action in passes if "*" in action]


def test_resharding_passes_no_endpoint_without_it(templates: Templates):
    passes = as_list(policies(templates, "plain")["kinesis-streams"]["Action"])
    assert not {"kinesis:SplitShard", "kinesis:MergeShards", "kinesis:UpdateShardCount"} & set(passes)


def test_it_needs_no_route(made: Templates):
    assert made.resources("alone", "connectors", "ECS::Service") == {}
    assert made.images("alone", "connectors") == []


def test_without_nat_its_image_lies_in_the_region(described: Describe):
    (refused,) = refusals(described(**SECTIONS, routes=None, connectors={"autoscaler": {"image": "team/streamops:1"}}))
    assert refused.path == ("connectors", "autoscaler", "image")
