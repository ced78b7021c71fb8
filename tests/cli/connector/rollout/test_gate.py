"""The lag gate: what it lets pass, and that it always ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from cli.connector.rollout.gate import TOLERANCE, Baseline, Gate, Lag, Verdict

STABLE, CATCH_UP = timedelta(seconds=120), timedelta(seconds=900)
seconds = st.integers(0, 100_000).map(lambda number: timedelta(seconds=number))
baselines = st.builds(Baseline, st.integers(0, 10**9), st.none() | seconds)
lags = st.builds(Lag, st.integers(0, 10**9), st.none() | seconds, st.integers(0, 10**9), st.booleans())


def observed(baseline: Baseline, observations: Sequence[tuple[int, Lag | None]]) -> tuple[list[Verdict], int]:
    """Feed ``(seconds since the last one, lag)`` until there is a verdict; all of the verdicts."""
    gate, now = Gate(baseline, STABLE, CATCH_UP, 0), 0
    verdicts: list[Verdict] = []
    for passed, lag in observations:
        now += passed
        verdicts.append(gate.observe(now, lag))
        if verdicts[-1] is not Verdict.WAITING:
            break
    return verdicts, now


def steady(lag: Lag | None, times: int = 300) -> list[tuple[int, Lag | None]]:
    return [(5, lag)] * times


@given(baselines, st.lists(st.tuples(st.integers(1, 60), st.none() | lags), min_size=60))
def test_it_always_ends_after_catching_up_and_being_stable(baseline, observations):
    verdicts, ended = observed(baseline, observations)
    spent = sum(passed for passed, _ in observations)
    assume(spent >= (CATCH_UP + STABLE).total_seconds())
    assert verdicts[-1] is not Verdict.WAITING
    assert ended < (CATCH_UP + STABLE).total_seconds() + 60


@given(baselines, st.lists(st.tuples(st.integers(1, 60), st.none() | lags), min_size=1))
def test_nothing_passes_that_was_not_good_for_the_whole_window(baseline, observations):
    verdicts, ended = observed(baseline, observations)
    if verdicts[-1] is not Verdict.PASSED:
        return
    at, window = 0, []
    for passed, lag in observations[: len(verdicts)]:
        at += passed
        if at >= ended - STABLE.total_seconds():
            window.append(lag)
    assert all(lag is not None and baseline.allows(lag) for lag in window)
    assert ended >= STABLE.total_seconds()


@given(baselines)
def test_a_group_without_lag_passes_after_the_window(baseline):
    verdicts, ended = observed(baseline, steady(Lag(0, timedelta(), 7, members=True)))
    assert verdicts[-1] is Verdict.PASSED
    assert ended == 5 + STABLE.total_seconds()


@given(baselines, lags)
def test_a_group_without_members_never_passes(baseline, lag):
    nobody = Lag(lag.records, lag.time, lag.position, members=False)
    assert observed(baseline, steady(nobody))[0][-1] is Verdict.FAILED


@given(baselines, st.integers(1, 10**9))
def test_a_group_that_commits_nothing_while_records_wait_never_passes(baseline, records):
    stuck = Lag(records, timedelta(), 42, members=True)
    assert observed(baseline, steady(stuck))[0][-1] is Verdict.FAILED


@given(st.integers(1, 10**9), st.integers(0, 10**6))
def test_a_group_that_goes_on_within_the_old_lag_passes(records, step):
    going = [(5, Lag(records, None, 100 + number * (step + 1), members=True)) for number in range(100)]
    assert observed(Baseline(records), going)[0][-1] is Verdict.PASSED


def test_one_bad_moment_begins_the_window_anew():
    good, bad = Lag(0, timedelta(), 7, members=True), Lag(9, timedelta(minutes=5), 7, members=True)
    verdicts, ended = observed(Baseline(), [*steady(good, 20), (5, bad), *steady(good, 100)])
    assert verdicts[-1] is Verdict.PASSED
    assert ended == 21 * 5 + 5 + STABLE.total_seconds()


def test_what_cannot_be_read_is_not_taken_for_good():
    assert observed(Baseline(), steady(None))[0][-1] is Verdict.FAILED


def test_a_lag_of_seconds_is_none():
    just = Lag(10**6, TOLERANCE, 7, members=True)
    assert Baseline(0, timedelta()).allows(just)
    assert not Baseline(0, timedelta()).allows(Lag(10**6, TOLERANCE + timedelta(seconds=1), 7, members=True))


@given(baselines)
def test_a_baseline_is_read_back_from_its_tag(baseline):
    assert Baseline.read(baseline.written()) == baseline
    assert all(letter.isdigit() or letter in ":." for letter in baseline.written())
