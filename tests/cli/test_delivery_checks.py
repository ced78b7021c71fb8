"""What Firehose changes of no delivery is held back; templates that are really made tell what is deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.delivery_checks import delivery_checks
from cli.deployed import DeployedResource
from environments import Environment, load_environment, naming

PROJECT = Path(__file__).parents[2]
GOLDEN = PROJECT / "tests" / "stacks" / "golden" / "everything" / "deliveries.json"
STREAM = "AWS::KinesisFirehose::DeliveryStream"


@pytest.fixture(scope="module")
def everything() -> Environment:
    return load_environment(PROJECT / "examples" / "everything.yaml")


@pytest.fixture(scope="module")
def deployed() -> list[DeployedResource]:
    """The deliveries of the example, as its template makes them."""
    resources = json.loads(GOLDEN.read_text("utf-8"))["Resources"]
    return [
        DeployedResource(
            STREAM, each["Properties"]["DeliveryStreamName"], (), kept=False, properties=each["Properties"]
        )
        for each in resources.values()
        if each["Type"] == STREAM
    ]


def changed(everything: Environment, name: str, **values: Any) -> Environment:
    delivery = everything.deliveries[name]
    other = delivery.model_copy(update=values)
    return everything.model_copy(update={"deliveries": {**everything.deliveries, name: other}})


def test_deliveries_as_declared_are_no_finding(everything: Environment, deployed: list[DeployedResource]) -> None:
    assert len(deployed) == len(everything.deliveries)
    assert {each.physical_id for each in deployed} == {
        naming.delivery_name(everything, name) for name in everything.deliveries
    }
    assert list(delivery_checks(everything, deployed)) == []


@pytest.mark.parametrize(
    ("name", "values", "what", "live", "declared"),
    [
        ("clicks-archive", {"source": None}, "source", "stream everything-clicks", "routes"),
        ("payments-archive", {"source": None}, "source", "topic payments", "routes"),
        ("orders-lake", {"partition_by": {}, "prefix": "orders/"}, "partition_by", "on", "off"),
        ("clicks-archive", {"partition_by": {"country": ".c"}}, "partition_by", "off", "on"),
        ("clicks-search", {"backup": "all"}, "backup", "failed", "all"),
        ("orders-search", {"backup": "failed"}, "backup", "all", "failed"),
    ],
)
def test_what_is_for_good_is_held_back(
    everything: Environment,
    deployed: list[DeployedResource],
    name: str,
    values: dict[str, Any],
    what: str,
    live: str,
    declared: str,
) -> None:
    (check,) = delivery_checks(changed(everything, name, **values), deployed)
    assert (check.key, check.verdict.value) == (f"{what}:delivery/{name}", "blocked")
    assert (check.live, check.declared) == (live, declared)
    assert check.reason
    assert check.way_out


def test_what_may_change_is_let_through(everything: Environment, deployed: list[DeployedResource]) -> None:
    other = changed(everything, "orders-lake", compression="gzip", time_zone="UTC")
    assert list(delivery_checks(other, deployed)) == []


def test_a_new_delivery_may_be_anything(everything: Environment) -> None:
    assert list(delivery_checks(everything, [])) == []
