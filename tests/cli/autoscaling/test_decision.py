"""How many shards the load asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.stream.autoscaling.decision import Decision, Evidence, Load, decide
from environments.stream_autoscale import ScaleDown, ScaleUp, StreamAutoscale

POLICY = StreamAutoscale(min=2, max=40)
"""Up above 75 % for 5 minutes, down below 30 % for 3 hours, to 50 %."""


def evidence(shards: int, written: float, read: float | None = 0.0) -> Evidence:
    """A stream whose writers and readers have taken so many shards' worth, all the time."""

    def load(minutes: int) -> Load:
        return Load([written] * minutes, [] if read is None else [read] * minutes, minutes)

    return Evidence(shards, load(5), load(180), False, False, timedelta(seconds=2))


def test_a_load_between_the_thresholds_changes_nothing():
    assert decide(POLICY, evidence(10, 5.0)).shards == 10


@pytest.mark.parametrize(("written", "read"), [(8.0, 0.0), (0.0, 8.0), (8.0, 1.0), (8.0, None)])
def test_either_side_adds_shards(written, read):
    decision = decide(POLICY, evidence(10, written, read))
    assert decision.shards == 16
    assert "above 75% for 5m" in decision.reason


@pytest.mark.parametrize(("written", "read", "shards"), [(2.0, 2.0, 4), (2.0, 4.0, 10), (4.0, 2.0, 10), (2.0, None, 4)])
def test_only_both_sides_together_take_shards_away(written, read, shards):
    assert decide(POLICY, evidence(10, written, read)).shards == shards


def test_a_load_that_does_not_last_adds_nothing():
    busy = evidence(10, 5.0)
    once = Load([5.0, 9.9, 5.0, 5.0, 5.0], [], 5)
    assert decide(POLICY, replace(busy, recently=once)).shards == 10


def test_the_newest_minute_may_be_missing_and_two_may_not():
    busy = evidence(10, 5.0)
    assert decide(POLICY, replace(busy, recently=Load([9.0] * 4, [], 5))).shards == 18
    assert decide(POLICY, replace(busy, recently=Load([9.0] * 3, [], 5))).shards == 10


def test_the_newest_minute_may_be_told_in_part_and_no_other():
    busy = evidence(10, 5.0)
    assert decide(POLICY, replace(busy, recently=Load([1.0, 9.0, 9.0, 9.0, 9.0], [], 5))).shards == 18
    assert decide(POLICY, replace(busy, recently=Load([9.0, 1.0, 9.0, 9.0, 9.0], [], 5))).shards == 10
    assert decide(POLICY, replace(busy, recently=Load([1.0, 9.0, 9.0, 9.0], [], 5))).shards == 10


def test_a_single_busy_minute_keeps_shards():
    calm = evidence(10, 1.0)
    assert decide(POLICY, replace(calm, for_long=Load([1.0] * 179 + [3.5], [], 180))).shards == 10


def test_shards_that_have_just_changed_are_left_alone():
    up = replace(evidence(10, 9.0), changed_within_up_cooldown=True, changed_within_down_cooldown=True)
    down = replace(evidence(10, 1.0), changed_within_down_cooldown=True)
    for held in (up, down):
        decision = decide(POLICY, held)
        assert decision.shards == 10
        assert "have changed within" in decision.reason


def test_a_long_cooldown_of_going_down_does_not_hold_going_up():
    assert decide(POLICY, replace(evidence(10, 9.0), changed_within_down_cooldown=True)).shards == 18


@pytest.mark.parametrize(("age", "reason"), [(None, "not known"), (timedelta(minutes=6), "6m behind, more than 5m")])
def test_readers_that_are_behind_or_say_nothing_keep_shards(age, reason):
    decision = decide(POLICY, replace(evidence(10, 1.0), iterator_age=age))
    assert decision.shards == 10
    assert reason in decision.reason


def test_readers_that_are_behind_do_not_hold_going_up():
    assert decide(POLICY, replace(evidence(10, 9.0), iterator_age=timedelta(hours=6))).shards == 18


def test_silence_is_not_idleness():
    silent = replace(evidence(10, 1.0), recently=Load([], [], 5), for_long=Load([], [], 180))
    decision = decide(POLICY, silent)
    assert decision.shards == 10
    assert "nothing was measured" in decision.reason


def test_bounds_hold():
    assert decide(POLICY, evidence(38, 38.0)) == Decision(
        40, "the load was above 75% for 5m, up to 100% of what 38 shards take"
    )
    assert decide(POLICY, evidence(40, 40.0)).shards == 40
    assert decide(POLICY, evidence(10, 0.0)).shards == 2
    assert decide(POLICY, evidence(1, 0.5)).shards == 2
    assert decide(POLICY, evidence(50, 45.0)).shards == 40


loads = st.floats(0, 60)
policies = st.builds(
    lambda low, extra, down, target, up: StreamAutoscale(
        min=low, max=low + extra, target=target, up=ScaleUp(above=up), down=ScaleDown(below=down)
    ),
    st.integers(1, 20),
    st.integers(0, 60),
    st.integers(1, 40),
    st.integers(41, 70),
    st.integers(71, 100),
)


@given(policies, st.integers(1, 90), loads, loads)
def test_a_load_that_stays_as_it_is_is_followed_once(policy, shards, written, read):
    """The law against flapping: what was decided is not undone by the same load."""
    first = decide(policy, evidence(shards, written, read)).shards
    assert policy.min <= first <= policy.max
    within = decide(policy, evidence(first, written, read)).shards
    assert decide(policy, evidence(within, written, read)).shards == within


@given(policies, st.integers(1, 90), loads, loads)
def test_up_and_down_are_what_the_sides_say(policy, shards, written, read):
    now = min(max(shards, policy.min), policy.max)
    wanted = decide(policy, evidence(now, written, read)).shards
    if wanted > now:
        assert max(written, read) > policy.up.above / 100 * now
    if wanted < now:
        assert max(written, read) < policy.down.below / 100 * now
