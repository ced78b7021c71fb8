"""Aggregates of the Kinesis Producer Library are read as its own readers read them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import md5

import aws_kinesis_agg.aggregator
import pytest
from aws_kinesis_agg.deaggregator import deaggregate_records
from hypothesis import given
from hypothesis import strategies as st

from cli.stream.live import KEY_SPACE, Shard
from cli.stream.load.aggregates import MAGIC, UserRecord, hash_key_of, user_records
from cli.stream.load.records import key_parts
from sandbox.aws.kpl import deaggregated

RECORDS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=20),
        st.none() | st.integers(0, KEY_SPACE - 1),
        st.binary(max_size=300),
    ),
    min_size=2,
    max_size=30,
)
WHOLE = Shard("shardId-000000000000", 0, KEY_SPACE - 1, open=True, parents=())


Packed = Sequence[tuple[str, int | None, bytes]]


def packed(records: Packed) -> bytes:
    aggregator = aws_kinesis_agg.aggregator.RecordAggregator()
    for key, hash_key, data in records:
        assert aggregator.add_user_record(key, data, None if hash_key is None else str(hash_key)) is None
    whole: bytes = aggregator.clear_and_get().get_contents()[2]
    return whole


def unpacked(data: bytes) -> list[UserRecord]:
    found = user_records(data)
    assert found is not None
    return found


@given(RECORDS)
def test_every_user_record_is_found_with_its_keys(records):
    found = unpacked(packed(records))
    assert [(record.partition_key.decode(), record.data_bytes) for record in found] == [
        (key, len(data)) for key, _, data in records
    ]


@given(RECORDS)
def test_an_explicit_hash_key_goes_before_that_of_the_partition_key(records):
    found = unpacked(packed(records))
    for (key, hash_key, _), record in zip(records, found, strict=True):
        assert record.hash_key in ({hash_key_of(key.encode())} if hash_key is None else {hash_key})


@given(RECORDS)
def test_other_readers_find_the_same(records):
    data = packed(records)
    found = unpacked(data)
    lambda_record = {
        "kinesis": {
            "data": base64.b64encode(data).decode(),
            "partitionKey": "a",
            "sequenceNumber": "1",
            "kinesisSchemaVersion": "1.0",
            "approximateArrivalTimestamp": 1.0,
        }
    }
    theirs = [record["kinesis"] for record in deaggregate_records(lambda_record)]
    assert [(r["partitionKey"].encode(), len(base64.b64decode(r["data"]))) for r in theirs] == [
        (record.partition_key, record.data_bytes) for record in found
    ]
    assert [len(data) for data in deaggregated(data)] == [record.data_bytes for record in found]


@given(RECORDS, st.data())
def test_what_is_damaged_is_one_record_like_any_other(records, data):
    whole = packed(records)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    assert user_records(damaged) is None


@pytest.mark.parametrize("message", [b"\x1a\x7f", b"\xff" * 20, b"\x0b", b"\x1a\x02\x08\x05", b"\x12\x03abc", b"\x1a"])
def test_a_message_that_is_none_is_one_record_though_its_digest_is_right(message):
    assert user_records(MAGIC + message + md5(message, usedforsecurity=False).digest()) is None


@given(RECORDS)
def test_the_parts_of_an_aggregate_are_the_record_that_kinesis_counts(records):
    data = packed(records)
    parts = list(key_parts(WHOLE, 7, "outer", data))
    assert sum(part.bytes for part in parts) == len(data) + len("outer")
    assert sum(part.records for part in parts) == pytest.approx(1)
    assert {part.second for part in parts} == {7}


def test_the_place_of_a_plain_record_that_its_key_does_not_lead_to_is_unknown():
    inside = hash_key_of(b"key")
    own = Shard("s", inside, inside, open=True, parents=())
    other = Shard("s", inside + 1, KEY_SPACE - 1, open=True, parents=())
    assert [part.hash_key for part in key_parts(own, 0, "key", b"x")] == [inside]
    assert [part.hash_key for part in key_parts(other, 0, "key", b"x")] == [None]


def test_an_aggregate_of_keys_from_everywhere_goes_by_its_outer_key():
    outer = hash_key_of(b"outer")
    shard = Shard("s", outer, outer, open=True, parents=())
    parts = list(key_parts(shard, 0, "outer", packed([("a", None, b"1"), ("b", 5, b"2")])))
    assert {(part.partition_key, part.hash_key) for part in parts} == {(b"a", outer), (b"b", outer)}
