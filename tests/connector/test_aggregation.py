"""Aggregates as the Kinesis Producer Library writes them, held against an independent writer and reader."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from connector.kinesis.aggregation import (
    FRAME_SIZE,
    HASH_KEY_COST,
    MAGIC,
    RECORD_COST,
    UserRecord,
    aggregate,
    deaggregate,
)
from tests.connector import kpl

BEYOND_ANY = 1 << 40

keys = st.one_of(
    st.sampled_from([b"a", b"b", "✈".encode()]), st.text(min_size=1, max_size=256).map(lambda t: t.encode())
)
data = st.one_of(
    st.binary(max_size=40), st.integers(100, 20_000).map(bytes), st.binary(max_size=8).map(lambda d: MAGIC + d)
)
hash_keys = st.one_of(st.sampled_from([0, 1, 2**128 - 1]), st.integers(0, 2**128 - 1)).map(str)
plain_records = st.lists(st.tuples(keys, st.none(), data), min_size=1, max_size=12)
hashed_records = st.lists(st.tuples(keys, hash_keys, data), min_size=1, max_size=12)
user_records = st.one_of(plain_records, hashed_records).map(lambda records: [UserRecord(*r) for r in records])


def written(records: list[UserRecord]) -> bytes:
    return aggregate(*columns(records))


def columns(records: list[UserRecord]) -> tuple[list[bytes], list[bytes], list[str] | None]:
    hashes = [record.hash_key for record in records if record.hash_key is not None] or None
    return [record.key for record in records], [record.data for record in records], hashes


def framed(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message).digest()  # noqa: S324


def many(count: int, size: int = 0, spread: int = BEYOND_ANY) -> list[UserRecord]:
    return [UserRecord(b"%d" % (index % spread), None, bytes(size)) for index in range(count)]


@given(user_records)
def test_an_independent_reader_finds_the_records(records):
    assume(len(records) > 1)
    assert kpl.read(written(records)) == records


@given(hashed_records)
def test_the_reader_takes_apart_what_an_independent_writer_wrote(records):
    expected = [UserRecord(*record) for record in records]
    assert deaggregate(kpl.write(expected)) == expected


@pytest.mark.parametrize(
    "records", [many(128), many(129), many(300, 123, 150), many(301, 124, 150), many(16_400)], ids=len
)
def test_tables_longer_than_a_byte_counts_are_read_by_both(records):
    content = written(records)
    assert kpl.read(content) == deaggregate(content) == records


@given(user_records)
@example([UserRecord(b"a", None, MAGIC)])
def test_what_was_written_is_read(records):
    content = written(records)
    if len(records) == 1 and not records[0].data.startswith(MAGIC):
        assert content == records[0].data
    else:
        assert deaggregate(content) == records


@given(user_records)
def test_the_message_is_the_one_that_protobuf_writes(records):
    assume(len(records) > 1)
    message = kpl.AggregatedRecord.FromString(written(records)[4:-16])
    assert written(records) == framed(message.SerializeToString())
    assert len(set(message.partition_key_table)) == len(message.partition_key_table)
    assert len(set(message.explicit_hash_key_table)) == len(message.explicit_hash_key_table)


@pytest.mark.parametrize("content", [b"", b"plain", b"\xff" * 2_000_000])
def test_a_record_that_is_alone_goes_as_it_is(content):
    assert aggregate([b"key"], [content]) == content


def test_data_that_begins_like_an_aggregate_is_wrapped_even_alone():
    inner = aggregate([b"a", b"b"], [b"1", b"2"])
    assert deaggregate(aggregate([b"key"], [inner])) == [UserRecord(b"key", None, inner)]


@given(user_records)
@example(many(20_000, 130))
@example([UserRecord(b"a", str(2**128 - 1), bytes(20_000)), UserRecord(b"a", "0", b"")])
def test_no_aggregate_is_larger_than_the_most_that_its_records_cost(records):
    assume(len(records) > 1)
    cost = RECORD_COST if records[0].hash_key is None else RECORD_COST + HASH_KEY_COST
    most = FRAME_SIZE + sum(len(record.key) + len(record.data) + cost for record in records)
    assert len(written(records)) <= most


def test_what_a_record_costs_at_most_is_little_more_than_what_it_costs():
    records = [UserRecord(b"%0200d" % number, None, bytes(17_000)) for number in range(200)]
    added = len(written(records)) - FRAME_SIZE - len(records) * (200 + 17_000)
    assert added > (RECORD_COST - 5) * len(records)


def test_fields_in_any_order_and_unknown_ones_are_read():
    record = kpl.Record(partition_key_index=1, explicit_hash_key_index=0, data=b"x")
    record.tags.add(key="tag")
    inner = record.SerializeToString() + b"\x39" + bytes(8) + b"\x3d" + bytes(4)
    message = b"\x1a" + bytes([len(inner)]) + inner + b"\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    message += b"\x12\x01" + b"7" + b"\x0a\x01a" + b"\x0a\x01b" + b"\x7a\x03???"
    assert deaggregate(framed(message)) == [UserRecord(b"b", "7", b"x")]


def test_an_aggregate_may_hold_nothing():
    assert deaggregate(framed(b"\x0a\x01a")) == []


@pytest.mark.parametrize(
    "content",
    {
        "empty": b"",
        "too short": MAGIC + b"x",
        "nothing between frame": framed(b""),
        "wrong mark": b"\xf3\x89\x9a\xc3" + framed(b"\x0a\x01a")[4:],
        "wrong digest": framed(b"\x0a\x01a")[:-1] + b"?",
        "field cut short": framed(b"\x0a\x05a"),
        "number cut short": framed(b"\x0a\xff"),
        "number too long": framed(b"\x0a" + b"\xff" * 10 + b"\x01"),
        "fixed field cut short": framed(b"\x0a\x01a\x39"),
        "group": framed(b"\x0b"),
        "field without a number": framed(b"\x02\x00"),
        "field with too high a number": framed(b"\xb9\x80\x80\x80\x10" + bytes(8)),
        "no key": framed(b"\x0a\x01a\x1a\x02\x1a\x00"),
        "no data": framed(b"\x0a\x01a\x1a\x02\x08\x00"),
        "key that is not listed": framed(b"\x0a\x01a\x1a\x04\x08\x01\x1a\x00"),
        "hash key that is not listed": framed(b"\x0a\x01a\x1a\x06\x08\x00\x10\x00\x1a\x00"),
        "hash key that is no number": framed(b"\x12\x02-1"),
        "hash key too large": framed(b"\x12\x27" + b"9" * 39),
    }.values(),
)
def test_what_cannot_be_read_is_no_aggregate(content):
    assert deaggregate(content) is None


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd_to_be_looked_at(message):
    found = deaggregate(framed(message))
    try:
        reference = kpl.AggregatedRecord.FromString(message) if message else None
    except kpl.DecodeError:
        reference = None
    assert found is None or (reference is not None and len(found) == len(reference.records))


@given(user_records, st.data())
def test_a_damaged_message_does_no_harm(records, draw):
    message = bytearray(written([*records, *records])[4:-16])
    for _ in range(draw.draw(st.integers(1, 4))):
        message[draw.draw(st.integers(0, len(message) - 1))] = draw.draw(st.integers(0, 255))
    found = deaggregate(framed(bytes(message)))
    assert found is None or all(isinstance(record, UserRecord) for record in found)


def test_the_frame_is_all_that_an_aggregate_adds_to_its_message():
    assert len(framed(b"")) == FRAME_SIZE
