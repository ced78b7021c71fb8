"""Services whose number of tasks is left to Application Auto Scaling."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import autoscaling
from tests.sandbox.aws.properties import compare
from tests.sandbox.aws.stacks import deploy, template
from tests.sandbox.aws.test_resource_types import scaled


def desired(session: boto3.Session) -> int:
    return int(session.client("ecs").describe_services(cluster="scaled", services=["s"])["services"][0]["desiredCount"])


def test_a_new_range_moves_the_service_into_it(session: boto3.Session) -> None:
    deploy(session, "stack", template(**scaled(2, 4)))
    assert desired(session) == 2
    deploy(session, "stack", template(**scaled(3, 4)))
    assert desired(session) == 3
    deploy(session, "stack", template(**scaled(1, 2)))
    assert desired(session) == 2


def test_motos_own_registration_leaves_the_service_outside(session: boto3.Session) -> None:
    with autoscaling.mends.removed():
        deploy(session, "stack", template(**scaled(2, 4)))
        assert desired(session) == 1


def test_a_deployment_of_the_service_keeps_the_count_that_the_load_asked_for(session: boto3.Session) -> None:
    deploy(session, "stack", template(**scaled(1, 4)))
    session.client("ecs").update_service(cluster="scaled", service="s", desiredCount=3)
    changed = scaled(1, 4)
    changed["T"]["Properties"]["Memory"] = "1024"
    assert deploy(session, "stack", template(**changed))["StackStatus"] == "UPDATE_COMPLETE"
    assert desired(session) == 3


def test_a_policy_and_a_range_follow_their_template_and_keep_their_identity(session: boto3.Session) -> None:
    scaling: Any = session.client("application-autoscaling")
    deploy(session, "stack", template(**scaled(1, 4, cpu=60)))
    (before,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    deploy(session, "stack", template(**scaled(1, 8, cpu=50, tags=[{"Key": "owner", "Value": "me"}])))
    assert compare("stack", session) == []
    (after,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert after["PolicyARN"] == before["PolicyARN"]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    tags = scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
    assert tags == {"owner": "me"}
    alarms = session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(alarms) == len(after["Alarms"])


def test_without_its_range_the_service_stays_as_it_is(session: boto3.Session) -> None:
    scaling: Any = session.client("application-autoscaling")
    deploy(session, "stack", template(**scaled(2, 4, cpu=60)))
    left = {name: each for name, each in scaled(2, 4).items() if name != "R"}
    assert deploy(session, "stack", template(**left))["StackStatus"] == "UPDATE_COMPLETE"
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert desired(session) == 2


def test_a_range_that_is_empty_is_refused(session: boto3.Session) -> None:
    deploy(session, "stack", template(**scaled(1, 2)))
    scaling: Any = session.client("application-autoscaling")
    with pytest.raises(ClientError, match="cannot be less than minimum"):
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/scaled/s",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=3,
            MaxCapacity=2,
        )
