"""Many messages in one record of Firehose."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.batch import Partition, records
from connector.feed import Lane
from connector.firehose.line_packing import LinePacking
from connector.packing import Part

LANE = Lane(Partition("t", 0))


def part(lengths: list[int]) -> Part:
    return Part(LANE, records([b"key"] * len(lengths), [bytes(n - 1) + b"\n" for n in lengths], range(len(lengths))))


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=9), min_size=1, max_size=6),
    st.integers(1, 200),
    st.one_of(st.none(), st.integers(1, 20)),
    st.integers(1, 50),
)
def test_as_many_messages_as_fit_are_taken_and_one_at_least(
    lengths: list[list[int]], size: int, messages: int | None, most: int
):
    counts = LinePacking(size, messages).fitting(map(part, lengths), most)
    flat = [length for each in lengths for length in each]
    ends = list(accumulate(flat))
    allowed = min(most, messages or most, len(flat))
    wanted = max(1, sum(end <= size for end in ends[:allowed]))
    assert sum(counts) == wanted
    assert all(counts)
    for count, each in zip(counts[:-1], lengths, strict=False):
        assert count == len(each), "the next part is begun when this one is taken whole"


def test_a_message_above_the_size_goes_alone():
    assert LinePacking(10, None).fitting([part([11, 1]), part([1])], 99) == [1]


def test_one_record_holds_the_messages_as_they_are_and_no_key():
    content = records([b"a", b"b"], [b'{"n": 1}\n', b'{"n": 2}\n'], [7, 8])
    packed = LinePacking(100, None).pack(content)
    assert (packed.keys, packed.data, list(packed.offsets)) == ([b""], [b'{"n": 1}\n{"n": 2}\n'], [7])
    assert packed.size == len(packed.data[0])


@pytest.mark.parametrize(("size", "worth"), [(1000, 1000), (1000 << 10, 128 << 10)])
def test_a_record_leaves_before_it_outgrows_the_cache(size: int, worth: int):
    assert LinePacking(size, None).worth == worth


def test_a_partition_travels_together_and_its_way_never_changes():
    packing = LinePacking(100, None)
    content = records([b"a", b"b"], [b"1\n", b"2\n"], [7, 8])
    assert list(packing.routes(LANE, content)) == [(LANE, content)]
    assert packing.is_settled()
    assert not packing.has_moved()
    assert not packing.is_in_vain(LANE, content, None, 0)
