from typing import Any

import pytest

from stacks.refusals import refusals
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import ECR_IMAGE, OPENSEARCH, PARTITIONED, PLAIN, REDSHIFT

ECR_ELSEWHERE = ECR_IMAGE.replace("eu-west-1", "us-east-1")
STREAM_TO_TOPIC = {"from": {"stream": "orders"}, "to": {"topic": "clicks"}}


def delivery(**described: Any) -> dict[str, Any]:
    routes = {name: route for name, route in PLAIN["routes"].items() if "stream" in route["to"]}
    return {"deliveries": {"archive": described}, "routes": routes}


@pytest.mark.parametrize(
    ("sections", "path", "value"),
    [
        (delivery(**REDSHIFT), "deliveries.archive.to", "redshift"),
        (delivery(**OPENSEARCH), "deliveries.archive.to", "opensearch"),
        (
            delivery(to="s3", source={"stream": "orders"}),
            "deliveries.archive.source",
            "stream orders",
        ),
        (delivery(**PARTITIONED), "deliveries.archive.partition_by", "dynamic partitioning"),
        ({"connectors": {"image": "team/connector:1"}}, "connectors.image", "team/connector:1"),
        ({"connectors": {"image": ECR_ELSEWHERE}}, "connectors.image", ECR_ELSEWHERE),
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
        deliveries={"search": OPENSEARCH, "archive": PARTITIONED},
        routes={"back": STREAM_TO_TOPIC},
    )
    assert {".".join(map(str, each.path)) for each in refusals(environment)} == {
        "deliveries.search.to",
        "deliveries.archive.partition_by",
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
