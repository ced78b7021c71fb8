"""The laws of a stepwise decrease."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.topic.retention.limits import UNLIMITED, Limits, lowered
from cli.topic.retention.schedule import MOST_STEPS, schedule

VALUES = st.integers(1, 10_000)
LIMITS = st.one_of(st.just(UNLIMITED), VALUES)
STEPS = st.integers(10, 10_000)
OLDEST = st.one_of(st.none(), VALUES)


def above(value: int) -> float:
    """A limit as a number that can be compared."""
    return float("inf") if value < 0 else value


@given(LIMITS, LIMITS, st.one_of(st.none(), STEPS), OLDEST)
def test_a_schedule_ends_at_the_target_and_is_empty_only_there(current, target, step, oldest):
    values = schedule(current, target, step, oldest)
    assert (values[-1] if values else current) == target
    assert bool(values) == (current != target)


@given(LIMITS, LIMITS, STEPS, OLDEST)
def test_a_decrease_only_goes_down_and_never_below_the_target(current, target, step, oldest):
    values = schedule(current, target, step, oldest)
    if lowered(current, target):
        path = [above(current), *map(above, values)]
        assert all(earlier > later >= above(target) for earlier, later in itertools.pairwise(path) if earlier != later)
        assert all(earlier >= later for earlier, later in itertools.pairwise(path))


@given(LIMITS, VALUES, STEPS, VALUES)
def test_no_step_deletes_more_than_one_step_of_what_is_there(current, target, step, oldest):
    if lowered(current, target):
        held = min(above(current), oldest)
        for value in schedule(current, target, step, oldest):
            assert held - min(held, value) <= step
            held = min(held, value)


@given(LIMITS, LIMITS, STEPS, OLDEST)
def test_a_raise_is_one_value(current, target, step, oldest):
    if lowered(target, current):
        assert schedule(current, target, step, oldest) == (target,)


@given(LIMITS, LIMITS, STEPS, OLDEST)
def test_a_schedule_goes_on_from_any_point_of_itself(current, target, step, oldest):
    values = schedule(current, target, step, oldest)
    for done, value in enumerate(values, start=1):
        left = oldest if oldest is None else min(oldest, int(min(above(value), oldest)))  # what is older has gone
        assert schedule(value, target, step, oldest) == values[done:]
        assert schedule(value, target, step, left) == values[done:]


@given(VALUES, STEPS, VALUES)
def test_the_first_value_from_infinite_is_the_age_of_the_oldest_record(target, step, oldest):
    first = schedule(UNLIMITED, target, step, oldest)[0]
    assert first == max(oldest, target)


def test_infinite_is_never_a_decrease():
    assert not lowered(7, UNLIMITED)
    assert not lowered(UNLIMITED, UNLIMITED)
    assert lowered(UNLIMITED, 7)
    assert lowered(7, 0)


def test_a_limit_far_above_the_oldest_record_takes_no_steps_down_to_it():
    assert schedule(365, 1, 2, 6) == (5, 3, 1)


def test_more_steps_than_anybody_would_wait_for_are_refused():
    with pytest.raises(ValueError, match="1,001 steps"):
        schedule(MOST_STEPS + 2, 1, 1, MOST_STEPS + 2)
    with pytest.raises(ValueError, match="above zero"):
        schedule(2, 1, 0, 2)


def test_limits_of_settings_are_kafkas_defaults_where_nothing_is_set():
    assert Limits.of({}) == Limits(604_800_000, UNLIMITED)
    assert Limits.of({"retention.ms": "-1", "cleanup.policy": "compact"}) == Limits(deletes=False, compacts=True)


@pytest.mark.parametrize(
    ("old", "new", "less"),
    [
        (Limits(7), Limits(1), True),
        (Limits(1), Limits(7), False),
        (Limits(7), Limits(), False),
        (Limits(), Limits(7), True),
        (Limits(7, 100), Limits(14, 50), True),
        (Limits(7, deletes=False), Limits(1, deletes=False), False),
        (Limits(7, deletes=False), Limits(14), True),
        (Limits(7), Limits(1, deletes=False), False),
    ],
)
def test_limits_keep_less_only_where_they_delete(old, new, less):
    assert new.keeps_less_than(old) is less
