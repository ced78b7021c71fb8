"""The real `cdk` against the stand-in: the whole life of four stacks, some linked, in one session-wide run."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from sandbox.aws.cloudformation.resources import OWN_TYPES
from tests.sandbox.aws.conftest import ACCOUNT, REGION, Cdk, StandIn
from tests.sandbox.aws.properties import compare

STACKS = ("trial-network", "trial-streams", "trial-deliveries", "trial-connectors")
Run = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Life:
    """What was seen at each step."""

    bootstrap: Run
    deploy: Run
    differences: list[str]
    again: Run
    diff: Run
    change: Run
    changed: list[str]
    definitions: tuple[str, str]
    broken: Run
    destroy: Run
    left: dict[str, Any]


@pytest.fixture(scope="session")
def life(standin: StandIn, cdk: Cdk) -> Life:
    """Bootstrap, deploy, deploy again, diff, change, fail and destroy: each step needs the one before."""
    local = standin.client
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ENDPOINT_URL", standin.url)
    session = boto3.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")

    def definition() -> str:
        found = local("ecs").describe_services(cluster="trial", services=["orders"])["services"][0]
        return str(found["taskDefinition"])

    def differences() -> list[str]:
        return [f"{stack}: {line}" for stack in STACKS for line in compare(stack, session)]

    quiet = ("--require-approval", "never")
    bootstrap = cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
    deploy = cdk("deploy", "trial/*", *quiet)
    deployed, first = differences(), definition()
    again = cdk("deploy", "trial/*", *quiet)
    diff = cdk("diff", "trial/*", "--fail")
    change = cdk("deploy", "trial/*", *quiet, "-c", "hours=72", "-c", "shards=3", "-c", "level=two")
    changed, second = differences(), definition()
    broken = cdk("deploy", "trial/broken", *quiet, "-c", "broken=1")
    destroy = cdk("destroy", "trial/*", "--force")
    left = {
        "vpcs": [vpc["VpcId"] for vpc in local("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]],
        "streams": [s for s in local("kinesis").list_streams(Limit=100)["StreamNames"] if s.startswith("trial")],
        "clusters": local("ecs").list_clusters()["clusterArns"],
        "deliveries": local("firehose").list_delivery_streams()["DeliveryStreamNames"],
        "buckets": [b["Name"] for b in local("s3").list_buckets()["Buckets"] if b["Name"].startswith("trial")],
    }
    patch.undo()
    return Life(bootstrap, deploy, deployed, again, diff, change, changed, (first, second), broken, destroy, left)


def test_bootstrap_and_deploy_succeed(life: Life) -> None:
    assert life.bootstrap.returncode == 0, life.bootstrap.stderr
    assert life.deploy.returncode == 0, life.deploy.stderr


def test_every_property_of_the_templates_is_there_when_its_service_is_asked(life: Life) -> None:
    assert life.differences == []


def test_a_second_deploy_changes_nothing(life: Life) -> None:
    assert life.again.returncode == 0, life.again.stderr
    assert life.again.stderr.count("(no changes)") == len(STACKS)


def test_diff_after_deploy_is_empty(life: Life) -> None:
    assert life.diff.returncode == 0, life.diff.stderr
    assert "Number of stacks with differences: 0" in life.diff.stderr


def test_a_change_reaches_exactly_what_it_concerns(life: Life) -> None:
    assert life.change.returncode == 0, life.change.stderr
    events = [line.split("|") for line in life.change.stderr.splitlines() if "UPDATE_COMPLETE" in line]
    updated = {event[4].strip() for event in events if len(event) > 4}
    assert updated == {
        "AWS::CloudFormation::Stack",
        "AWS::ECS::Service",
        "AWS::Kinesis::Stream",
        "AWS::SSM::Parameter",
    }
    assert "trial/network (trial-network) (no changes)" in life.change.stderr
    assert life.changed == []


def test_a_new_configuration_rolls_the_service_to_a_new_task_definition(life: Life) -> None:
    first, second = life.definitions
    assert (first.rpartition("/")[2], second.rpartition("/")[2]) == ("trial-orders:1", "trial-orders:2")


def test_a_stack_that_fails_is_reported_with_the_reason(life: Life) -> None:
    assert life.broken.returncode == 1
    assert "ROLLBACK_COMPLETE" in life.broken.stderr
    assert "cannot create resources of type AWS::Nowhere::Thing" in life.broken.stderr


def test_destroy_leaves_only_what_is_to_be_kept(life: Life) -> None:
    assert life.destroy.returncode == 0, life.destroy.stderr
    nothing: list[str] = []
    assert life.left == {
        "vpcs": nothing,
        "streams": ["trial-clicks"],
        "clusters": nothing,
        "deliveries": nothing,
        "buckets": nothing,
    }


def test_every_type_that_the_stacks_use_is_our_own() -> None:
    assert {"AWS::Kinesis::Stream", "AWS::ECS::Service", "AWS::EC2::VPC", "AWS::IAM::Role"} <= OWN_TYPES.keys()
