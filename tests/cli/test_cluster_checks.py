"""What MSK would refuse in the middle of a deploy, and ``streamops env preflight`` tells before."""

from __future__ import annotations

from typing import Any

import pytest

from cli.cluster_checks import cluster_checks, node_checks
from cli.deployed import DeployedResource
from environments import Environment

ARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/streamops-prod/12345678-1234-1234-1234-123456789012-1"


def on(kafka: dict[str, Any]) -> Environment:
    return Environment.model_validate(
        {
            "name": "prod",
            "account": "111122223333",
            "region": "eu-west-1",
            "network": {"zones": ["eu-west-1a", "eu-west-1b"]},
            "kafka": kafka,
        }
    )


def described(**kafka: Any) -> Environment:
    return on({"kind": "msk", "brokers": 2, "instance": "kafka.m7g.2xlarge", **kafka})


def deployed(size: int) -> list[DeployedResource]:
    properties = {"BrokerNodeGroupInfo": {"StorageInfo": {"EBSStorageInfo": {"VolumeSize": size}}}}
    return [DeployedResource("AWS::MSK::Cluster", ARN, ("Cluster", "Msk"), kept=True, properties=properties)]


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


def on_ec2(**kafka: Any) -> Environment:
    artifact = {"url": "s3://bucket/kafka.tgz", "sha512": "0" * 128}
    return on({"kind": "ec2", "distribution": artifact, "brokers": 3, "storage": "100GiB", **kafka})


def disks(*names: str, zone: str = "eu-west-1a", size: int = 100) -> list[DeployedResource]:
    return [
        DeployedResource(
            "AWS::EC2::Volume",
            f"vol-{name}",
            ("Cluster", name, "Volume"),
            kept=True,
            properties={"AvailabilityZone": zone, "Size": size if name.startswith("broker") else 20},
        )
        for name in names
    ]


CONTROLLERS = ("controller-1001", "controller-1002", "controller-1003")


def findings(environment: Environment, resources: list[DeployedResource]) -> dict[str, str]:
    checks = list(node_checks(environment, resources))
    assert all(check.reason and check.way_out for check in checks if check.verdict.value == "blocked")
    return {check.key: check.verdict.value for check in checks}


def as_deployed(*, size: int = 100, brokers: int = 3) -> list[DeployedResource]:
    """Three brokers and three controllers in two zones."""
    zones = ("eu-west-1a", "eu-west-1b")
    return [
        each
        for names in (CONTROLLERS, [f"broker-{number}" for number in range(1, brokers + 1)])
        for place, name in enumerate(names)
        for each in disks(name, zone=zones[place % 2], size=size)
    ]


def test_machines_as_declared_are_no_finding():
    assert findings(on_ec2(), as_deployed()) == {}
    assert findings(on_ec2(), []) == {}


def test_a_machine_that_is_declared_no_more_is_held_back():
    assert findings(on_ec2(brokers=2), as_deployed()) == {"removal:kafka/broker-3": "blocked"}


def test_a_machine_more_is_let_through():
    assert findings(on_ec2(brokers=4), as_deployed()) == {}


def test_a_disk_cannot_follow_its_node_into_another_zone():
    moved = disks("broker-1", zone="eu-west-1c")
    assert findings(on_ec2(), moved + as_deployed()[:3])["zone:kafka/broker-1"] == "blocked"


@pytest.mark.parametrize(("storage", "verdict"), [("200GiB", "change"), ("50GiB", "blocked")])
def test_disks_grow_and_never_shrink(storage, verdict):
    found = findings(on_ec2(storage=storage), as_deployed())
    assert found == {f"storage:kafka/broker-{number}": verdict for number in (1, 2, 3)}


def test_the_number_of_controllers_is_for_good():
    assert findings(on_ec2(controllers=5), as_deployed()) == {"controllers:kafka/cluster": "blocked"}
    fewer = findings(on_ec2(controllers=0), as_deployed())
    assert fewer["controllers:kafka/cluster"] == "blocked"
    assert fewer["removal:kafka/controller-1001"] == "blocked"
    combined = [each for each in as_deployed() if "broker" in each.path[1]]
    assert findings(on_ec2(controllers=3), combined) == {"controllers:kafka/cluster": "blocked"}


def test_another_kind_of_cluster_would_take_the_machines_away():
    found = findings(described(), as_deployed())
    assert set(found) == {f"removal:kafka/{each.path[1]}" for each in as_deployed()}
    assert set(found.values()) == {"blocked"}
