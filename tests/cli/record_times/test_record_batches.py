"""Which record a reader gets next, and when it was written."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from kafka.record import MemoryRecordsBuilder

from cli.record_batches import Batch, first_record, read_batches

DATA = Batch(10, 19, first_milliseconds=1_000, last_milliseconds=1_900)
MARKER = Batch(20, 20, 5_000, 5_000, producer_id=7, transactional=True, control=True)


def test_the_time_of_a_batchs_first_record_stands_in_its_header():
    assert first_record([DATA], 10).milliseconds == 1_000


def test_time_passes_evenly_within_a_batch():
    assert [first_record([DATA], offset).milliseconds for offset in (11, 14, 19)] == [1_100, 1_400, 1_900]


def test_batches_that_end_before_the_offset_are_passed_over():
    later = replace(DATA, base_offset=20, last_offset=20, first_milliseconds=9_000, last_milliseconds=9_000)
    assert first_record([DATA, later], 20).milliseconds == 9_000


def test_where_compaction_took_the_offset_away_the_next_record_counts():
    assert first_record([DATA], 3).milliseconds == 1_000


def test_a_marker_is_no_record():
    found = first_record([MARKER], 20)
    assert (found.milliseconds, found.next_offset) == (None, 21)


def test_records_of_an_aborted_transaction_are_none_and_those_after_its_marker_are():
    inside = replace(DATA, producer_id=7, transactional=True)
    after = Batch(21, 22, 8_000, 8_000, producer_id=7, transactional=True)
    batches = [inside, replace(MARKER, abort=True), after]
    assert first_record(batches, 10, aborted=[(7, 10)]).milliseconds == 8_000
    assert first_record(batches, 10).milliseconds == 1_000
    assert first_record([replace(inside, producer_id=8), *batches], 10, aborted=[(7, 10)]).milliseconds == 1_000


def test_nothing_at_all_is_looked_for_again_at_the_same_place():
    assert first_record([], 5).next_offset == 5


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-50, 250))
def test_times_stay_between_those_of_the_header(base, width, first, passed, offset):
    batch = Batch(base, base + width, first, first + passed)
    assert first <= batch.milliseconds_at(offset) <= first + passed


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_what_a_producer_wrote_is_read_from_the_header(times):
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20)
    for time in times:
        builder.append(timestamp=time, key=None, value=b"value")
    builder.close()
    (batch,) = read_batches(bytes(builder.buffer()))
    assert (batch.base_offset, batch.last_offset) == (0, len(times) - 1)
    assert (batch.first_milliseconds, batch.last_milliseconds) == (times[0], max(times))
    assert not batch.control


def test_a_batch_that_was_cut_off_is_left_out():
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20)
    builder.append(timestamp=1, key=None, value=b"value")
    builder.close()
    assert list(read_batches(bytes(builder.buffer())[:-1])) == []
    assert list(read_batches(None)) == []
