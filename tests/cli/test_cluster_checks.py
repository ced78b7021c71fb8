"""What MSK would refuse in the middle of a deploy, and ``streamops env preflight`` tells before."""

from __future__ import annotations

from typing import Any

import pytest

from cli.cluster_checks import cluster_checks
from cli.deployed import DeployedResource
from environments import Environment

ARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/streamops-prod/12345678-1234-1234-1234-123456789012-1"


def described(**kafka: Any) -> Environment:
    return Environment.model_validate(
        {
            "name": "prod",
            "account": "111122223333",
            "region": "eu-west-1",
            "network": {"zones": ["eu-west-1a", "eu-west-1b"]},
            "kafka": {"kind": "msk", "brokers": 2, "instance": "kafka.m7g.2xlarge", **kafka},
        }
    )


def deployed(size: int) -> list[DeployedResource]:
    properties = {"BrokerNodeGroupInfo": {"StorageInfo": {"EBSStorageInfo": {"VolumeSize": size}}}}
    return [DeployedResource("AWS::MSK::Cluster", ARN, "Msk", kept=True, properties=properties)]


def verdicts(environment: Environment, resources: list[DeployedResource], live: int) -> list[tuple[str, str]]:
    def storage_of(cluster: str) -> int:
        assert cluster == ARN
        return live

    return [(check.what, check.verdict.value) for check in cluster_checks(environment, resources, storage_of)]


def test_private_connections_wait_until_the_cluster_stands():
    environment = described(multi_vpc=True)
    assert verdicts(environment, [], 0) == [("multi_vpc", "blocked")]
    assert verdicts(environment, deployed(100), 100) == []


def test_storage_that_has_grown_by_itself_changes_nothing_while_the_file_stays_as_it_was():
    assert verdicts(described(storage="100GiB"), deployed(100), 400) == []


@pytest.mark.parametrize(
    ("kafka", "verdict"),
    [
        ({"storage": "200GiB"}, "blocked"),
        ({"storage": "409GiB"}, "blocked"),
        ({"storage": "410GiB"}, "change"),
        ({"storage": "100GiB", "storage_throughput": "250MiB"}, "blocked"),
        ({"storage": "500GiB", "storage_throughput": "250MiB"}, "change"),
    ],
)
def test_a_change_of_storage_is_held_against_what_it_has_grown_to(kafka: dict[str, Any], verdict: str):
    assert verdicts(described(**kafka), deployed(100), 400) == [("storage", verdict)]
