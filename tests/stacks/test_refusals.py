from typing import Any

import pytest

from stacks.refusals import refusals
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import ECR_IMAGE, PLAIN

WORKSPACE = "arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-1234-1234-1234-123456789012"
ECR_ELSEWHERE = ECR_IMAGE.replace("eu-west-1", "us-east-1")
STREAM_TO_TOPIC = {"from": {"stream": "orders"}, "to": {"topic": "clicks"}}


@pytest.mark.parametrize(
    ("sections", "path", "value"),
    [
        ({"connectors": {"image": "team/connector:1"}}, "connectors.image", "team/connector:1"),
        ({"connectors": {"image": ECR_ELSEWHERE}}, "connectors.image", ECR_ELSEWHERE),
        (
            {"connectors": {"prometheus": {"workspace": WORKSPACE, "image": "team/collector:1"}}},
            "connectors.prometheus.image",
            "team/collector:1",
        ),
    ],
)
def test_what_is_not_provisioned_is_refused_at_its_place_with_a_way_out(
    described: Describe, sections: dict[str, Any], path: str, value: str
):
    (found,) = refusals(described(**sections))
    assert ".".join(map(str, found.path)) == path
    assert found.value == value
    assert found.remedy


def test_everything_that_is_refused_is_told_at_once(described: Describe):
    environment = described(
        connectors={"image": "team/connector:1"},
        routes={"back": STREAM_TO_TOPIC},
    )
    assert {".".join(map(str, each.path)) for each in refusals(environment)} == {
        "connectors.image",
        "routes.back.from",
        "routes.back.to",
    }


def test_what_is_provisioned_is_not_refused(described: Describe):
    assert refusals(described()) == ()
    assert refusals(described(connectors={"image": ECR_IMAGE})) == ()
    nat = {**PLAIN["network"], "nat": True}
    assert refusals(described(network=nat, connectors={"image": ECR_ELSEWHERE})) == ()


def test_a_sandbox_pulls_nothing_and_may_name_any_image(described: Describe):
    environment = described(account="000000000000", sandbox=True, connectors={"image": "team/connector:1"})
    assert refusals(environment) == ()


def test_a_configuration_that_no_parameter_can_hold_is_refused_with_its_size(described: Describe):
    addresses = ",".join(f"broker-{number}.kafka.example.com:9093" for number in range(400))
    found = refusals(described(kafka={"kind": "external", "bootstrap": addresses}))
    assert {each.path for each in found} == {("routes", name) for name in PLAIN["routes"]}
    for each in found:
        assert "8192" in each.rule
        assert "ssm:/" in each.remedy


def test_a_task_has_the_memory_for_the_largest_record_of_its_stream(described: Describe):
    streams = {**PLAIN["streams"], "orders": {**PLAIN["streams"]["orders"], "max_record_size": "10MiB"}}
    route = PLAIN["routes"]["orders-to-stream"]
    small = {"cpu": 256, "memory": "512MiB"}
    two = {"orders-to-stream": {**route, "processes": 2}}
    (found,) = refusals(described(streams=streams, routes=two, connectors=small))
    assert found.path == ("connectors", "memory")
    assert "10MiB" in found.rule
    alone = described(streams=streams, routes={"orders-to-stream": route}, connectors=small)
    assert refusals(alone) == ()


def test_more_alarms_than_a_stack_holds_are_refused(described: Describe):
    many = {f"s{number}": {"mode": "on-demand"} for number in range(60)}
    (found,) = refusals(described(streams=many, deliveries=None, routes=None))
    assert ".".join(map(str, found.path)) == "alarms.enabled"
    assert found.rule.startswith("makes 480 alarms, above the 450")
    assert not refusals(described(streams=many, deliveries=None, routes=None, alarms={"enabled": False}))
