"""Lag in time, and what of a lag in records is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from cli.group.progress import read_progress
from cli.lag import PartitionLag, longest, with_times
from environments import load_environment
from sandbox.waiting import wait_until

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
offsets = st.integers(0, 100)
lags = st.builds(
    lambda begin, kept, at: PartitionLag("t", 0, begin, begin + kept, at), offsets, offsets, st.none() | offsets
)


@given(lags, st.integers(-50, 10**6))
def test_lag_in_time_is_the_age_of_the_next_record_and_never_negative(lag, seconds):
    times = {} if lag.next is None else {(("t", 0), lag.next): NOW - timedelta(seconds=seconds)}
    (timed,) = with_times([lag], times, NOW)
    assert timed.time == timedelta(seconds=max(0, seconds) if lag.lag else 0)
    assert timed.lag == lag.lag


@given(lags)
def test_the_next_record_is_one_that_the_partition_holds(lag):
    assert (lag.next is None) == (lag.lag == 0)
    assert lag.next is None or lag.begin <= lag.next < lag.end


@given(lags)
def test_where_no_record_is_left_there_is_no_lag(lag):
    (timed,) = with_times([lag], {(("t", 0), lag.next or 0): None}, NOW)
    assert (timed.lag, timed.time) == (0, timedelta())


def test_a_time_that_could_not_be_read_is_unknown_for_the_whole_group():
    known, unknown = PartitionLag("t", 0, 0, 5, 5), PartitionLag("t", 1, 0, 5, 2)
    assert longest(with_times([known], {}, NOW)) == timedelta()
    assert longest(with_times([known, unknown], {}, NOW)) is None
    assert longest([]) == timedelta()


@pytest.fixture
def committed_transaction(broker, orders, cluster) -> str:
    """One record and the marker behind it."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": orders})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(orders, b"value", partition=0)
    producer.commit_transaction(10)
    assert wait_until(lambda: cluster.end_offsets([(orders, 0)]) == {(orders, 0): 2}, timeout_seconds=20)
    return str(orders)


def test_a_group_that_has_read_all_but_a_marker_has_no_lag(
    project, environment, cluster, committed_transaction, commit, topic
):
    commit(topic, {0: 1})
    item = project.run("group", "describe", topic, "-e", environment, "-o", "json").items[0]
    assert (item["lag"], item["lag_seconds"], item["verdict"]) == (0, 0, "ok")
    by_offsets = read_progress(load_environment(environment), cluster, {topic: None}, in_time=False)[topic]
    assert by_offsets.lag == 1, committed_transaction
