"""How far a group is behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.lag import PartitionLag, partition_lags

offsets = st.integers(min_value=0, max_value=10**12)


@given(begin=offsets, kept=offsets, read=offsets)
def test_lag_is_what_is_left_to_read(begin, kept, read):
    lag = PartitionLag("orders", 0, begin, begin + kept, begin + min(read, kept))
    assert lag.lag == kept - min(read, kept)
    assert lag.expired == 0
    assert not lag.beyond_end


@given(begin=offsets, kept=offsets)
def test_a_group_that_has_committed_nothing_has_to_read_what_comes_after_its_start(begin, kept):
    assert PartitionLag("orders", 0, begin, begin + kept, None).lag == kept
    assert PartitionLag("orders", 0, begin, begin + kept, None, starts_at_end=True).lag == 0


@given(begin=st.integers(1, 10**12), kept=offsets, behind=st.integers(1, 10**12))
def test_records_that_retention_took_before_they_were_read_are_counted_apart(begin, kept, behind):
    lag = PartitionLag("orders", 0, begin, begin + kept, max(0, begin - behind))
    assert lag.lag == kept
    assert lag.expired == min(begin, behind)


def test_an_offset_that_never_was_is_no_negative_lag():
    lag = PartitionLag("orders", 0, 0, 10, 25)
    assert lag.lag == 0
    assert lag.beyond_end


def test_every_partition_is_told_even_where_nothing_was_committed():
    places = [("orders", 1), ("orders", 0)]
    lags = partition_lags(places, dict.fromkeys(places, 0), dict.fromkeys(places, 7), {("orders", 1): 5})
    assert [(lag.partition, lag.lag) for lag in lags] == [(0, 7), (1, 2)]
