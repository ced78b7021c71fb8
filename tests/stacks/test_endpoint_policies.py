"""What passes through the endpoints: everything that a task or a node may call, and nobody of another account."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.synthesis import Templates
from tests.stacks.variants import VARIANTS

IN_THE_NETWORK = {"ecs-tasks.amazonaws.com", "ec2.amazonaws.com"}
"""Whose roles are used inside the VPC."""

ENDPOINTS = {
    "kinesis": {"kinesis-streams"},
    "firehose": {"kinesis-firehose"},
    "logs": {"logs"},
    "ecr": {"ecr.api", "ecr.dkr"},
    "secretsmanager": {"secretsmanager"},
}
"""The endpoints through which the actions of a service go, where they have policies."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def policies(templates: Templates, environment: str) -> dict[str, dict[str, Any]]:
    """The one statement of each interface endpoint that has a policy, by service."""
    found = {}
    for each in templates.properties(environment, "network", "EC2::VPCEndpoint"):
        if "PolicyDocument" in each and each["VpcEndpointType"] == "Interface":
            (statement,) = each["PolicyDocument"]["Statement"]
            found[each["ServiceName"].removeprefix("com.amazonaws.eu-west-1.")] = statement
    return found


def called(templates: Templates, environment: str) -> Iterator[tuple[str, str]]:
    """Every action that a role inside the VPC may call, with the role."""
    for place, resource in templates.everything():
        if resource["Type"] != "AWS::IAM::Role" or place.split("/")[0] != environment:
            continue
        (trust,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if trust["Principal"]["Service"] in IN_THE_NETWORK:
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield from ((place, action) for action in as_list(statement["Action"]))


def isolated(templates: Templates) -> list[str]:
    """The variants whose only way to AWS are endpoints."""
    found = [
        name
        for name in VARIANTS
        if "network" in templates.stacks(name) and not templates.resources(name, "network", "EC2::NatGateway")
    ]
    assert found
    return found


def test_what_roles_inside_the_network_may_call_passes(templates: Templates):
    seen = 0
    for environment in isolated(templates):
        passes = {service: set(as_list(each["Action"])) for service, each in policies(templates, environment).items()}
        for place, action in called(templates, environment):
            for service in ENDPOINTS.get(action.split(":")[0], set()):
                assert action in passes[service], place
                seen += 1
    assert seen


def buckets(templates: Templates, environment: str) -> list[dict[str, Any]]:
    (gateway,) = [
        each
        for each in templates.properties(environment, "network", "EC2::VPCEndpoint")
        if each["VpcEndpointType"] == "Gateway"
    ]
    return gateway["PolicyDocument"]["Statement"] if "PolicyDocument" in gateway else []


def has_machines(templates: Templates, environment: str) -> bool:
    """Whether Kafka runs on machines of the environment's own."""
    return "kafka" in templates.stacks(environment) and bool(
        templates.resources(environment, "kafka", "AutoScaling::AutoScalingGroup")
    )


def test_of_s3_this_account_passes_and_the_layers_of_images_and_the_packages_of_machines(templates: Templates):
    for environment in isolated(templates):
        own, layers = buckets(templates, environment)
        assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
        for place, action in called(templates, environment):
            assert not action.startswith("s3:") or action in own["Action"], place
        assert layers["Action"] == "s3:GetObject"
        fetched = {"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"}
        if has_machines(templates, environment):
            fetched.add("arn:aws:s3:::al2023-repos-eu-west-1-de612dc2/*")
        assert set(as_list(layers["Resource"])) == fetched


def test_where_the_internet_is_open_buckets_are_not_shut(templates: Templates):
    assert buckets(templates, "nat") == []


def test_nobody_of_another_account_passes(templates: Templates):
    for environment in isolated(templates):
        for service, statement in policies(templates, environment).items():
            assert statement["Effect"] == "Allow"
            assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, service
            assert not [action for action in as_list(statement["Action"]) if "*" in action], service


@pytest.mark.parametrize("service", ["ssm"])
def test_services_that_are_not_known_to_take_a_policy_have_none(templates: Templates, service: str):
    assert service not in policies(templates, "plain")
