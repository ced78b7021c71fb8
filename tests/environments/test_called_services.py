"""What is called from inside the network follows from what the environment has."""

from typing import Any

import pytest

from environments import Environment, load_environment
from environments.called_services import called_services
from environments.rules.room import private_addresses
from tests.environments.documents import changed, told, write

TASKS = {"logs", "ecr.api", "ecr.dkr", "ssm"}
ROUTE = {"from": {"topic": "orders"}, "to": {"stream": "orders"}}
WORKSPACE = "arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-1234-1234-1234-123456789012"
SECRET = "secret:kafka"
SCALED: dict[str, Any] = {
    "streams": {"orders": {"mode": "provisioned", "shards": 4, "autoscale": {"min": 2, "max": 8}}},
    "connectors": {"autoscaler": {"image": "team/streamops:1"}},
}
SCALING = {"monitoring", "cloudtrail", "application-autoscaling", "sts"}


def called(folder: Any, change: dict[str, Any]) -> frozenset[str]:
    environment: Environment = load_environment(write(folder, changed(change)))
    return called_services(environment.kafka, environment.routes.values(), environment.connectors)


def external(**keys: Any) -> dict[str, Any]:
    return {"kafka": {"kind": "external", "bootstrap": "ssm:/streamops/test/kafka/bootstrap", **keys}}


@pytest.mark.parametrize(
    ("change", "services"),
    [
        ({}, TASKS | {"kinesis-streams"}),
        ({"routes": {"orders-to-stream": None}}, set()),
        (
            {"routes": {"orders-to-stream": {**ROUTE, "dead_letters": {"stream": "clicks"}}}},
            TASKS | {"kinesis-streams"},
        ),
        (
            {
                "deliveries": {"x": {"to": "s3"}},
                "routes": {"orders-to-stream": {"from": {"topic": "orders"}, "to": {"delivery": "x"}}},
            },
            TASKS | {"kinesis-firehose"},
        ),
        (external(auth="scram-sha-512", secret=SECRET), TASKS | {"kinesis-streams", "secretsmanager"}),
        (external(ca="ssm:/kafka/ca"), TASKS | {"kinesis-streams"}),
        (external(ca="secret:kafka-ca"), TASKS | {"kinesis-streams", "secretsmanager"}),
        (
            {"connectors": {"prometheus": {"workspace": WORKSPACE, "image": "team/collector:1"}}},
            TASKS | {"kinesis-streams", "aps-workspaces"},
        ),
        (SCALED, TASKS | {"kinesis-streams"} | SCALING),
        ({**SCALED, "routes": {"orders-to-stream": None}}, {"logs", "ecr.api", "ecr.dkr", "kinesis-streams"} | SCALING),
        ({"kafka": {"kind": "msk-serverless"}}, TASKS | {"kinesis-streams", "kafka"}),
        ({"kafka": {"kind": "msk-serverless"}, "routes": {"orders-to-stream": None}}, set()),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
def test_services_are_called_for_what_there_is(folder: Any, change: dict[str, Any], services: set[str]):
    assert called(folder, change) == services


def test_every_service_takes_an_address(folder: Any):
    """29 of 27 addresses: the rule's own case. With NAT the five endpoints are not there, and 24 fit."""
    network = {"zones": ["eu-west-1a"], "cidr": "10.0.0.0/24"}
    routes = {"orders-to-stream": {**ROUTE, "tasks": {"max": 12}}}
    assert told(write(folder, changed({"network": network, "routes": routes})))
    assert told(write(folder, changed({"network": {**network, "nat": True}, "routes": routes}))) == []


@pytest.mark.parametrize(
    ("prefix_length", "zones", "addresses"), [(16, 3, 8187), (20, 2, 507), (24, 1, 27), (24, 4, 27), (24, 6, 11)]
)
def test_a_zone_has_its_share_of_the_addresses(prefix_length: int, zones: int, addresses: int):
    assert private_addresses(prefix_length, zones) == addresses
