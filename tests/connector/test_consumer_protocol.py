"""Real connectors that the broker assigns (KIP-848), and such as keep their place by name (KIP-345)."""

from __future__ import annotations

import signal

import pytest

from tests.connector.fault_server import Fault
from tests.connector.processes import Route, missing, out_of_order, until


def slow_and_small(route: Route) -> None:
    """Give the test time to interfere."""
    route.sink = {"limits": {"records": 20}, "connections": 2}
    route.server.plan = lambda number: Fault(delay=0.02, refused=(lambda i: i == 3) if number % 10 == 0 else None)


def test_a_member_that_joins_takes_over_nothing_that_is_under_way(route: Route):
    route.source = {"protocol": "consumer"}
    slow_and_small(route)
    values = route.produce(3000)
    first = route.start()
    until(lambda: len(route.server.taken) >= 300)
    second = route.start()
    until(lambda: second.said("partitions assigned"), seconds=60)
    assert first.said("partitions revoked")
    assert {line["left_for_others"] for line in first.said("partitions revoked")} == {0}
    values += route.produce(1000, first=3000)
    route.server.plan = lambda _: Fault()
    until(lambda: not missing(values, route), seconds=60)
    assert out_of_order(route) == 0
    assert [process.end() for process in (first, second)] == [0, 0]
    assert route.committed() == 4000


def test_a_killed_member_loses_nothing(route: Route):
    route.source = {"protocol": "consumer"}
    slow_and_small(route)
    values = route.produce(3000)
    first = route.start()
    until(lambda: len(route.server.taken) >= 800, seconds=60)
    first.end(signal.SIGKILL)
    assert route.committed() < len(set(route.arrived())) < 3000
    route.server.plan = lambda _: Fault()
    second = route.start()
    until(lambda: not missing(values, route), seconds=60)
    assert second.end() == 0


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_named_member_goes_on_where_it_stopped(route: Route, protocol):
    route.source = {"protocol": protocol, "instance": "one", "session_timeout": "30s"}
    values = route.produce(200)
    first = route.start()
    until(lambda: len(route.arrived()) == 200)
    assert first.end() == 0
    values += route.produce(200, first=200)
    second = route.start()
    until(lambda: len(route.arrived()) == 400)
    assert sorted(route.arrived()) == values
    assert second.end() == 0
