"""What becomes of records that Kinesis cannot take as they are."""

from __future__ import annotations

import pytest

from connector.batch import Batch, Partition
from connector.mapping import Mapper

PLACE = Partition("flights", 3)


def batch(*values: bytes | None) -> Batch:
    return Batch(PLACE, [b"k%d" % number for number in range(len(values))], list(values), range(10, 10 + len(values)))


def test_usual_records_pass_whole():
    incoming = batch(b"a", b"b")
    mapped = Mapper(100, "stop").map(incoming)
    assert mapped.records.offsets is incoming.offsets
    assert mapped.records.keys == ["k0", "k1"]
    assert mapped.fatal is None


def test_a_record_at_the_limit_passes_and_one_above_stops_the_partition_right_there():
    mapped = Mapper(12, "stop").map(batch(b"x" * 10, b"x" * 11, b"x"))
    assert mapped.records.data == [b"x" * 10]
    assert mapped.fatal is not None
    text = str(mapped.fatal)
    assert all(part in text for part in ("flights:3", "offset 11", "13 bytes", "12", "record size"))


def test_a_tombstone_stops_unless_its_fate_is_chosen():
    mapped = Mapper(100, "stop").map(batch(b"a", None, b"b"))
    assert list(mapped.records.offsets) == [10]
    assert "tombstones: empty" in str(mapped.fatal)


@pytest.mark.parametrize(("fate", "offsets", "dropped"), [("empty", [10, 11, 12], []), ("drop", [10, 12], [11])])
def test_a_tombstone_is_sent_empty_or_dropped(fate, offsets, dropped):
    mapped = Mapper(100, fate).map(batch(b"a", None, b"b"))
    assert list(mapped.records.offsets) == offsets
    assert mapped.dropped == dropped
    assert mapped.fatal is None
