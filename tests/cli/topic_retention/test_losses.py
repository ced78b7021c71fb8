"""What is said to go, against a model of how Kafka deletes segments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.topic.retention.limits import Limits
from cli.topic.retention.losses import GroupLoss, Loss, PartitionState, losses, uncommitted, unread

NOW = 1_000
SIZE = 10
"""Bytes of each record."""
SEGMENTS = st.lists(st.lists(st.integers(0, NOW), min_size=1, max_size=5), min_size=1, max_size=6)
"""Timestamps by segment; producers write them in any order."""


def kafka_deletes(segments: list[list[int]], limits: Limits) -> int:
    """How many records ``UnifiedLog.deleteOldSegments`` takes, from the start, in whole segments."""
    left = list(segments)
    if limits.milliseconds >= 0:
        while left and NOW - max(left[0]) > limits.milliseconds:
            left.pop(0)
    if limits.size >= 0:
        over = SIZE * sum(map(len, left)) - limits.size
        while left and over >= SIZE * len(left[0]):
            over -= SIZE * len(left.pop(0))
    return sum(map(len, segments)) - sum(map(len, left))


def said(segments: list[list[int]], limits: Limits, begin: int = 0) -> list[Loss]:
    times = [time for segment in segments for time in segment]
    younger = next((begin + at for at, time in enumerate(times) if time >= NOW - limits.milliseconds), None)
    state = PartitionState(0, begin, begin + len(times), SIZE * len(times), times[0], max(times))
    return losses([state], limits, {0: younger})


@given(SEGMENTS, st.integers(0, NOW), st.integers(-1, 200))
def test_never_more_goes_than_is_said(segments, milliseconds, size):
    limits = Limits(milliseconds, size)
    assert kafka_deletes(segments, limits) <= sum(loss.records for loss in said(segments, limits))


@given(SEGMENTS, st.integers(0, NOW))
def test_at_most_the_rest_of_one_segment_is_said_too_much_where_times_rise(segments, milliseconds):
    times = iter(sorted(time for segment in segments for time in segment))
    rising = [[next(times) for _ in segment] for segment in segments]
    limits = Limits(milliseconds)
    too_much = sum(loss.records for loss in said(rising, limits)) - kafka_deletes(rising, limits)
    assert too_much < max(map(len, rising))


@given(SEGMENTS)
def test_no_limit_and_compaction_delete_nothing(segments):
    assert said(segments, Limits()) == []
    assert said(segments, Limits(0, 0, deletes=False)) == []


def test_what_is_not_known_counts_as_going():
    state = PartitionState(0, 5, 25)
    assert losses([state], Limits(size=100), {}) == [Loss(0, 5, 25, None, None)]


def test_a_group_loses_what_goes_and_it_has_not_read():
    gone = [Loss(0, 10, 30, 200, None), Loss(1, 0, 5, 50, None)]
    committed = {"late": {0: 12, 1: 5}, "later": {0: 0, 1: 0}, "done": {0: 30, 1: 9}, "elsewhere": {7: 0}}
    assert unread(gone, committed) == [GroupLoss("later", {0: 20, 1: 5}), GroupLoss("late", {0: 18})]


def test_a_group_that_has_committed_nothing_loses_only_where_it_is_known_to_begin():
    gone = [Loss(0, 10, 30, 200, None)]
    assert unread(gone, {}, {"route": {0: 10}}) == [GroupLoss("route", {0: 20})]
    assert unread(gone, {}, {"route": {0: 18}}) == [GroupLoss("route", {0: 12})]
    assert unread(gone, {"route": {0: 25}}, {"route": {0: 10}}) == [GroupLoss("route", {0: 5})]
    assert unread(gone, {"other": {}}) == []


def test_where_a_group_has_committed_nothing_is_told():
    gone = [Loss(0, 10, 30, 200, None), Loss(1, 0, 5, 50, None)]
    committed = {"partly": {1: 3}, "all": {0: 0, 1: 0}, "route": {}}
    assert uncommitted(gone, committed, {"route": {0: 10, 1: 0}}) == {"partly": [0]}
