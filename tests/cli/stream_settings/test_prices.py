"""Price files: those that are shipped, and those of a project."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from cli.errors import CliError
from cli.prices import KINDS, SHIPPED, prices_of

OWN = {"date": "2026-11-01", "source": "our contract", "kinesis": {"shard_hour": 0.017}}


def own(project, **changed: object) -> Path:
    file = Path(project.folder / "prices" / "eu-west-1.json")
    file.parent.mkdir()
    file.write_text(json.dumps(OWN | changed))
    return file


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.json")), ids=lambda file: file.stem)
def test_each_shipped_file_is_one(file):
    prices = prices_of(file.stem)
    assert prices is not None
    assert prices.shard_hour is not None
    assert prices.source


@pytest.mark.usefixtures("project")
def test_virginia_has_every_price_and_amounts_are_exact():
    prices = prices_of("us-east-1")
    assert prices is not None
    assert all(getattr(prices, kind) is not None for kind in KINDS)
    assert prices.shard_hour == Decimal("0.015")


@pytest.mark.usefixtures("project")
def test_a_region_of_no_file_has_no_prices():
    assert prices_of("eu-west-1") is None


def test_the_file_of_the_project_comes_first(project):
    own(project)
    prices = prices_of("eu-west-1")
    assert prices is not None
    assert (prices.shard_hour, prices.extended_shard_hour) == (Decimal("0.017"), None)
    assert prices.told == "list prices of eu-west-1 of 2026-11-01, without taxes and discounts"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"date": "yesterday"}, "is no price file"),
        ({"kinesis": {"shard_day": 1}}, "kinesis.shard_day is not a price"),
        ({"kinesis": {"shard_hour": "cheap"}}, "is not a price"),
        ({"kinesis": {"shard_hour": -1}}, "is not a price"),
        ({"kinesis": []}, "kinesis is"),
    ],
)
def test_a_file_that_is_wrong_says_what_and_where(project, changed, told):
    file = own(project, **changed)
    with pytest.raises(CliError) as refused:
        prices_of("eu-west-1")
    assert str(file) in refused.value.message
    assert told in refused.value.message
