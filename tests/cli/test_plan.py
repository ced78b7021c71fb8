"""Plans as data: written and read back, compared by fingerprint, judged by their worst risk."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.difference import Difference
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint

words = st.text(min_size=1, max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
details = st.dictionaries(
    words.filter(lambda w: w not in {"kind", "resource", "risk", "reason"}), json_values, max_size=4
)
operations = st.builds(Operation, words, words, st.sampled_from(Risk), words, details)
plans = st.builds(
    Plan,
    resource=words,
    fingerprint=words,
    operations=st.lists(operations, max_size=4).map(tuple),
    differences=st.lists(st.builds(Difference, words, words, words, words), max_size=3).map(tuple),
    summary=details,
    warnings=st.lists(words, max_size=2).map(tuple),
    refusals=st.lists(st.builds(Refusal, words, words), max_size=2).map(tuple),
)


@given(plans)
def test_a_plan_survives_its_file(plan: Plan):
    assert Plan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


@given(st.dictionaries(words, json_values))
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(state):
    assert fingerprint(state) == fingerprint(dict(reversed(state.items())))


@given(st.lists(st.integers()), st.lists(st.integers()))
def test_two_states_have_one_fingerprint_only_if_they_are_equal(one, other):
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


@given(st.lists(operations, min_size=1))
def test_the_risk_of_a_plan_is_its_worst(steps):
    plan = Plan("topic/orders", "", tuple(steps))
    assert all(plan.risk.rank >= step.risk.rank for step in steps)
    assert plan.risk in {step.risk for step in steps}


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (Plan("a/b", ""), "none"),
        (Plan("a/b", "", differences=(Difference("a/b", "c", "1", "2"),)), "changes"),
        (Plan("a/b", "", operations=(Operation("do", "a/b", Risk.MILD, ""),)), "changes"),
        (Plan("a/b", "", refusals=(Refusal("no"),), operations=(Operation("do", "a/b", Risk.MILD, ""),)), "blocked"),
    ],
)
def test_the_status_says_what_is_pending(plan, status):
    assert plan.status == status
