"""Waits between attempts, and the circuit."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.backoff import Backoff
from connector.batch import Partition, records
from connector.circuit import FAILURES_IN_A_ROW, Circuit
from connector.dispatcher import Dispatcher
from connector.feed import CallLimits, Lane
from connector.health import Health
from connector.keyed_feed import KeyedFeed
from connector.metrics import Metrics
from connector.outcome import CallFailure


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


def test_failures_that_last_open_the_circuit_however_few_they_are():
    circuit = Circuit()
    assert not circuit.failed("RequestTimeout", 10, permanent=False)
    assert not circuit.failed("RequestTimeout", 39, permanent=False)
    assert circuit.failed("RequestTimeout", 40, permanent=False)


def test_a_single_failure_opens_nothing_however_late_it_comes():
    circuit = Circuit()
    assert not circuit.failed("RequestTimeout", 1_000, permanent=False)
    circuit.succeeded()
    assert not circuit.failed("RequestTimeout", 2_000, permanent=False)


def red_after(records_waiting: int, time_out: float) -> tuple[float, int]:
    """Offer records to a target that takes calls and never answers; return when /readyz turned red, in seconds."""
    circuit, now, calls = Circuit(), 0.0, 0
    feed = KeyedFeed(CallLimits(500, 1 << 20), Backoff(0.1, 10, Random(1).uniform), 0.0, ordered=True)
    dispatcher = Dispatcher(CallLimits(500, 1 << 20), feed, circuit, Metrics("r"))
    health = Health(dict, lambda: True, circuit, dict)
    keys = [b"%d" % number for number in range(records_waiting)]
    dispatcher.offer(Lane(Partition("t", 0)), records(keys, keys, range(records_waiting)), now)
    while health.ready()[0]:
        call = dispatcher.next_call(now)
        if call is None:
            now = dispatcher.wake_at() or now
            continue
        now, calls = now + time_out, calls + 1
        dispatcher.settle(call, CallFailure("RequestTimeout", "no answer"), now)
    return now, calls


def test_a_target_that_never_answers_turns_readiness_red_within_a_minute_when_three_records_wait():
    seconds, calls = red_after(records_waiting=3, time_out=10)
    assert 40 <= seconds <= 60
    assert calls < FAILURES_IN_A_ROW


def test_with_long_time_outs_it_takes_two_calls():
    assert red_after(records_waiting=3, time_out=60)[1] == 2


def test_counting_alone_would_take_minutes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connector.circuit.FAILING_SECONDS", math.inf)
    seconds, calls = red_after(records_waiting=3, time_out=10)
    assert seconds > 150
    assert calls == FAILURES_IN_A_ROW


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
