"""Waits between attempts, and the circuit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.circuit import FAILURES_IN_A_ROW, Circuit


@given(st.integers(0, 10_000))
def test_every_wait_lies_between_zero_and_a_ceiling_that_never_shrinks(attempt: int):
    backoff = Backoff(0.1, 10)
    assert 0 <= backoff.wait(attempt) <= backoff.ceiling(attempt) <= 10
    assert backoff.ceiling(attempt) <= backoff.ceiling(attempt + 1)


def test_the_ceiling_doubles_from_the_first_wait():
    backoff = Backoff(0.1, 10)
    assert [backoff.ceiling(attempt) for attempt in (0, 1, 2, 50)] == [0.1, 0.2, 0.4, 10]


def test_waits_are_spread_over_the_whole_range():
    waits = [Backoff(1, 1).wait(0) for _ in range(200)]
    assert min(waits) < 0.2
    assert max(waits) > 0.8


def test_passing_failures_open_the_circuit_only_in_a_row():
    circuit = Circuit()
    for _ in range(FAILURES_IN_A_ROW - 1):
        assert not circuit.failed("503", 0, permanent=False)
    circuit.succeeded()
    for _ in range(FAILURES_IN_A_ROW - 1):
        circuit.failed("503", 0, permanent=False)
    assert str(circuit.state) == "closed"
    assert circuit.failed("503", 0, permanent=False)
    assert circuit.state == "open"


def test_each_failed_probe_doubles_the_wait_up_to_the_longest():
    circuit, now, waits = Circuit(1, 8), 0.0, []
    circuit.failed("denied", now, permanent=True)
    for _ in range(5):
        assert circuit.reopens_at is not None
        waits.append(circuit.reopens_at - now)
        now = circuit.reopens_at
        assert circuit.allows(now)
        circuit.started()
        assert not circuit.allows(now)
        circuit.failed("denied", now, permanent=True)
    assert waits == [1, 2, 4, 8, 8]
    circuit.succeeded()
    assert (circuit.state, circuit.reason) == ("closed", None)
