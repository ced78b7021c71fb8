"""The way from tasks to brokers through the rules of security groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.connector.checks.security_groups import Way, rules, way
from tests.cli.connector.checks.conftest import ROUTE, Scene

IAM = 9098
OPEN: Any = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def tcp(first: int, last: int, *groups: str, cidr: str | None = None) -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": first,
        "ToPort": last,
        "UserIdGroupPairs": [{"GroupId": group} for group in groups],
        "IpRanges": [{"CidrIp": cidr}] if cidr else [],
    }


@pytest.mark.parametrize(
    ("permissions", "found"),
    [
        ([], Way.CLOSED),
        ([OPEN], Way.OPEN),
        ([tcp(9098, 9098, "sg-brokers")], Way.OPEN),
        ([tcp(9000, 9100, "sg-brokers")], Way.OPEN),
        ([tcp(9092, 9096, "sg-brokers")], Way.CLOSED),
        ([tcp(9098, 9098, "sg-others")], Way.CLOSED),
        ([tcp(9098, 9098, cidr="10.0.0.0/16")], Way.UNSURE),
        ([tcp(9098, 9098, cidr="10.0.0.0/16"), tcp(9098, 9098, "sg-brokers")], Way.OPEN),
        ([tcp(9098, 9098, cidr="0.0.0.0/0")], Way.OPEN),
        ([{**tcp(9098, 9098, "sg-brokers"), "IpProtocol": "udp"}], Way.CLOSED),
    ],
)
def test_rules_open_a_port_to_a_group(permissions, found) -> None:
    assert way(rules(permissions), IAM, {"sg-brokers"}) is found


@pytest.fixture
def made(deployed: Callable[..., Scene]) -> Scene:
    """A scene with a cluster on MSK: groups as the stacks make them, and a task in that of the clients."""
    scene = deployed(kafka={"kind": "msk", "brokers": 2})
    vpc = scene.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    resources = {}
    for name in ("Brokers", "KafkaClients"):
        resources[name] = {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": name, "VpcId": vpc, "SecurityGroupEgress": []},
            "Metadata": {"aws:cdk:path": f"{scene.name}/kafka/Cluster/Groups/{name}/Resource"},
        }
    scene.client("cloudformation").create_stack(
        StackName=f"{scene.name}-kafka", TemplateBody=json.dumps({"Resources": resources})
    )
    scene.client("ecs").update_service(
        cluster=f"streamops-{scene.name}",
        service=ROUTE,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": [groups(scene)["KafkaClients"]]}
        },
    )
    return scene


def groups(scene: Scene) -> dict[str, str]:
    listed = scene.client("cloudformation").list_stack_resources(StackName=f"{scene.name}-kafka")
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed["StackResourceSummaries"]}


def test_both_sides_have_to_let_them_through(made: Scene) -> None:
    ec2, there = made.client("ec2"), groups(made)
    assert "nothing lets tasks out" in made.check("network-path")["detail"]
    ec2.authorize_security_group_egress(GroupId=there["KafkaClients"], IpPermissions=[tcp(IAM, IAM, there["Brokers"])])
    found = made.check("network-path")
    assert found["result"] == "failed"
    assert "nothing lets them in" in found["detail"]
    ec2.authorize_security_group_ingress(GroupId=there["Brokers"], IpPermissions=[tcp(IAM, IAM, there["KafkaClients"])])
    found = made.check("network-path")
    assert found["result"] == "ok"
    assert found["detail"].endswith(f"on port {IAM}")


def test_a_cluster_that_is_not_made_here_is_unknown(scene: Scene) -> None:
    assert scene.result("network-path") == "unknown"
