"""Changes are sent in requests that the controller takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import Cluster, NewTopic
from cli.cluster.asking import RECORDS_PER_REQUEST, TOPICS_PER_REQUEST, portions


@given(st.lists(st.integers(0, 2 * RECORDS_PER_REQUEST), max_size=60))
def test_all_entries_come_in_order_and_no_request_is_too_large_but_for_a_single_one(sizes):
    found = list(portions(sizes, lambda size: size))
    assert [size for portion in found for size in portion] == sizes
    assert all(len(portion) == 1 or sum(portion) <= RECORDS_PER_REQUEST for portion in found)
    assert all(found)


def test_a_request_holds_so_many_topics_at_most():
    entries = range(2 * TOPICS_PER_REQUEST + 5)
    assert [len(portion) for portion in portions(entries, lambda _: 0)] == [TOPICS_PER_REQUEST, TOPICS_PER_REQUEST, 5]


@pytest.mark.parametrize(("in_one", "refused"), [(False, 0), (True, 12)])
def test_the_controller_takes_in_several_requests_what_it_refuses_in_one(admin, topic, monkeypatch, in_one, refused):
    if in_one:
        monkeypatch.setattr("cli.cluster.asking.RECORDS_PER_REQUEST", 1_000_000)
    topics = [NewTopic(f"{topic}-{number}", 1_000, 1, {}) for number in range(12)]
    assert len(Cluster(admin).create(topics, validate_only=True)) == refused
