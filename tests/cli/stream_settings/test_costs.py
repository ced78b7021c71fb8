"""The monthly bill of a stream."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.prices import KINDS, Prices
from cli.stream.cost_change import Shape, cost_change
from cli.stream.costs import Load, change, on_demand_cost, provisioned_cost, usd

DAY = timedelta(days=1)
LIST = (0.015, 0.014, 0.02, 0.023, 0.021, 0.015, 0.013, 0.04, 0.08, 0.04, 0.05, 0.10, 0.023)
VIRGINIA = Prices(
    region="us-east-1",
    date=date(2026, 8, 1),
    source="test",
    **dict(zip(KINDS, map(Decimal, map(str, LIST)), strict=True)),
)
MIB = Load(bytes_in=1 << 20, records_in=1024)
"""1 MiB a second in records of 1 KiB."""

loads = st.builds(
    lambda size, records, out: Load(size * records, records, out),
    st.integers(1, 1 << 20),
    st.floats(0.01, 1e5),
    st.floats(0, 1e9),
)
shapes = st.builds(
    Shape,
    st.sampled_from(["provisioned", "on-demand"]),
    st.integers(1, 10_000),
    st.integers(24, 8760).map(lambda hours: timedelta(hours=hours)),
    st.integers(0, 20),
)


def dollars(cost) -> float | None:
    return usd(cost.dollars)


@pytest.mark.parametrize(
    ("retention", "consumers", "expected"),
    [
        (DAY, 0, 4 * 730 * 0.015),
        (2 * DAY, 0, 4 * 730 * 0.035),
        (7 * DAY, 0, 4 * 730 * 0.035),  # the same for every retention up to here
        (DAY, 2, 4 * 730 * (0.015 + 2 * 0.015)),
    ],
)
def test_a_provisioned_stream_pays_by_the_shard(retention, consumers, expected):
    assert dollars(provisioned_cost(VIRGINIA, shards=4, retention=retention, consumers=consumers)) == round(expected, 2)


@pytest.mark.parametrize(("size", "units"), [(1, 1), (25 << 10, 1), ((25 << 10) + 1, 2), (1 << 20, 41)])
def test_a_put_is_counted_in_units_of_25_kilobytes(size, units):
    cost = provisioned_cost(VIRGINIA, shards=1, retention=DAY, load=Load(size * 10, 10))
    (item,) = [item for item in cost.items if item.name == "put_payload_unit_million"]
    assert item.quantity == pytest.approx(10 * units * 730 * 3600 / 1e6)


@pytest.mark.parametrize(("size", "billed"), [(100, 1024), (1024, 1024), (4608, 5120)])
def test_on_demand_each_record_is_rounded_up_to_kilobytes(size, billed):
    cost = on_demand_cost(VIRGINIA, retention=DAY, load=Load(size * 10, 10))
    (item,) = [item for item in cost.items if item.name == "on_demand_in_gb"]
    assert item.quantity == pytest.approx(10 * billed * 730 * 3600 / (1 << 30))


def test_what_is_older_than_a_week_is_paid_by_the_gigabyte():
    cost = provisioned_cost(VIRGINIA, shards=1, retention=8 * DAY, load=MIB)
    (item,) = [item for item in cost.items if item.name == "long_term_gb_month"]
    assert item.quantity == pytest.approx(86400 / 1024)


def test_a_full_shard_is_several_times_cheaper_than_on_demand():
    provisioned = provisioned_cost(VIRGINIA, shards=1, retention=DAY, load=MIB)
    on_demand = on_demand_cost(VIRGINIA, retention=DAY, load=MIB)
    assert (dollars(provisioned), dollars(on_demand)) == (48.63, 234.51)


def test_what_is_used_and_has_no_price_makes_the_sum_unknown():
    partly = replace(VIRGINIA, extended_shard_hour=None)
    assert provisioned_cost(partly, shards=1, retention=DAY).dollars is not None
    assert provisioned_cost(partly, shards=1, retention=2 * DAY).dollars is None


def test_what_does_not_change_needs_no_price():
    partly = replace(VIRGINIA, extended_shard_hour=None)
    before = provisioned_cost(partly, shards=1, retention=2 * DAY)
    after = provisioned_cost(partly, shards=1, retention=2 * DAY, consumers=1)
    assert usd(change(before, after)) == 10.95


@given(shapes, shapes, loads)
def test_a_change_is_the_difference_of_the_two_bills(before, after, load):
    old, new = before.cost(VIRGINIA, load), after.cost(VIRGINIA, load)
    assert old.dollars is not None
    assert new.dollars is not None
    difference = change(old, new)
    assert difference is not None
    assert difference == pytest.approx(new.dollars - old.dollars)


@given(shapes, loads, st.integers(0, 100), st.integers(0, 1000), st.integers(0, 5))
def test_more_of_anything_never_costs_less(shape, load, shards, hours, consumers):
    more = shape.with_(
        shards=shape.shards + shards,
        retention=shape.retention + timedelta(hours=hours),
        consumers=shape.consumers + consumers,
    )
    assert shape.cost(VIRGINIA, load).dollars <= more.cost(VIRGINIA, load).dollars


@given(shapes, shapes)
def test_without_a_load_a_difference_is_told_only_where_no_load_would_change_it(before, after):
    told = cost_change("us-east-1", VIRGINIA, None, before, after).dollars
    if told is not None:
        assert told == cost_change("us-east-1", VIRGINIA, MIB, before, after).dollars
