"""Where a route takes its partition keys and hash keys from, and what it refuses to guess."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.batch import Batch, Headers, Partition
from connector.config import FromField, FromHeader
from connector.key_sources import hash_key_source, key_source
from connector.keys import partition_key
from connector.rejection import Refusals
from tests.connector.fault_server import even_shards, hash_key

PLACE = Partition("flights", 3)


def batch(*values: bytes | None, headers: list[Headers | None] | None = None) -> Batch:
    return Batch(PLACE, [b"k"] * len(values), list(values), range(10, 10 + len(values)), headers)


def with_headers(*headers: Headers | None) -> Batch:
    return batch(*[b"v"] * len(headers), headers=list(headers))


def from_field(path: str, *values: bytes | None) -> tuple[list[bytes], Refusals]:
    refusals: Refusals = {}
    return key_source(FromField(field=path))(batch(*values), refusals), refusals


def from_header(*headers: Headers | None) -> tuple[list[bytes], Refusals]:
    refusals: Refusals = {}
    return key_source(FromHeader(header="id"))(with_headers(*headers), refusals), refusals


def hash_keys(*headers: Headers | None) -> tuple[list[str], Refusals]:
    refusals: Refusals = {}
    return hash_key_source("hash")(with_headers(*headers), refusals), refusals


def reasons(refusals: Refusals) -> dict[int, str]:
    return {index: refusal.reason for index, refusal in refusals.items()}


def test_the_records_of_a_partition_share_a_key():
    assert key_source("partition")(batch(b"a", b"b"), {}) == [b"flights/3"] * 2


def test_partitions_spread_over_the_shards():
    # The number of a partition, taken for a hash key, always lies in the first shard: kinesis-kafka-connector #81.
    source, shards = key_source("partition"), even_shards(4)
    keys = [source(Batch(Partition("flights", number), [None], [b"v"], [0]), {})[0] for number in range(32)]
    places = [hash_key(key.decode()) for key in keys]
    hit = [sum(shard.first <= place <= shard.last for place in places) for shard in shards]
    assert min(hit) > 0
    assert sum(hit) == 32


def test_an_even_spread_gives_each_record_a_key_of_its_own():
    assert key_source("spread")(batch(b"a", b"b"), {}) == [b"flights/3/10", b"flights/3/11"]


def test_the_last_header_of_a_name_is_the_key():
    keys, refusals = from_header([("id", b"old"), ("id", b"new"), ("other", b"x")], [("id", b"\xff")], [("id", b"")])
    assert keys == [b"new", b"b64:/w==", b"b64:"]
    assert not refusals


def test_a_header_that_is_missing_or_null_is_refused():
    _, refusals = from_header(None, [("id", b"a")], [], [("ID", b"a")], [("id", None)], [("id", b"a"), ("id", None)])
    assert reasons(refusals) == dict.fromkeys([0, 2, 3, 4, 5], "HeaderMissing")
    assert "the header id, which sink.partition_key names, is missing" in refusals[0].message
    assert "has no value" in refusals[4].message


def test_headers_that_were_not_read_count_as_missing():
    refusals: Refusals = {}
    key_source(FromHeader(header="id"))(batch(b"a", b"b"), refusals)
    hash_key_source("hash")(batch(b"a", b"b", b"c"), refusals)
    assert set(refusals) == {0, 1, 2}


def test_a_field_is_found_through_objects():
    keys, refusals = from_field("customer.id", b'{"customer": {"id": "C1"}}', b'{"customer": {"id": 7}, "id": "x"}')
    assert keys == [b"C1", b"json:7"]
    assert not refusals


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        (None, "ValueNotObject", "has no value"),
        (b"", "ValueNotObject", "is no JSON"),
        (b"\xff", "ValueNotObject", "is no JSON"),
        (b'{"a": {"b": "x"}', "ValueNotObject", "is no JSON"),
        (b'{"a": {"b": "\\ud800"}}', "ValueNotObject", "is no JSON"),
        (b"[" * 100_000, "ValueNotObject", "is no JSON"),
        (b'["a"]', "ValueNotObject", "an array and no object"),
        (b'"a"', "ValueNotObject", "a text and no object"),
        (b"5", "ValueNotObject", "a number and no object"),
        (b"null", "ValueNotObject", "null and no object"),
        (b"{}", "FieldMissing", "has no field a;"),
        (b'{"a": {}}', "FieldMissing", "has no field a.b;"),
        (b'{"a": []}', "FieldMissing", "has no field a.b;"),
        (b'{"a": "b"}', "FieldMissing", "has no field a.b;"),
        (b'{"a.b": "x"}', "FieldMissing", "has no field a;"),
        (b'{"a": {"b": null}}', "FieldInvalid", "is null"),
        (b'{"a": {"b": {}}}', "FieldInvalid", "is an object"),
        (b'{"a": {"b": []}}', "FieldInvalid", "is an array"),
        (b'{"a": {"b": 1.5}}', "FieldInvalid", "not whole or beyond 64 bits"),
        (b'{"a": {"b": 1e3}}', "FieldInvalid", "not whole or beyond 64 bits"),
        (b'{"a": {"b": 18446744073709551616}}', "FieldInvalid", "not whole or beyond 64 bits"),
    ],
)
def test_a_value_without_the_field_is_refused_with_what_it_is_instead(value: bytes | None, reason: str, said: str):
    good = b'{"a": {"b": "x"}}'
    keys, refusals = from_field("a.b", good, value, good)
    assert reasons(refusals) == {1: reason}
    assert said in refusals[1].message
    assert keys[::2] == [b"x", b"x"]


@given(st.one_of(st.text(), st.integers(-(2**63), 2**64 - 1), st.booleans()))
def test_every_text_number_and_boolean_is_a_key_whoever_wrote_the_json(value: str | int):
    keys, refusals = from_field(
        "f", *(json.dumps({"f": value}, ensure_ascii=escaped).encode() for escaped in (True, False))
    )
    assert not refusals
    assert keys[0] == keys[1]
    if isinstance(value, str) and not value.startswith("json:"):
        assert keys[0] == partition_key(value.encode())


def test_a_hash_key_is_the_text_of_its_header():
    limit = str(2**128 - 1)
    found, refusals = hash_keys([("hash", b"0")], [("hash", b"1"), ("hash", b"17")], [("hash", limit.encode())])
    assert found == ["0", "17", limit]
    assert not refusals


@pytest.mark.parametrize(
    "text",
    [b"", b"-1", b"+1", b"01", b"00", b" 1", b"1 ", b"1_0", b"1.0", b"x", b"\xb2", str(2**128).encode(), b"9" * 9999],
)
def test_a_header_that_is_no_hash_key_is_refused(text: bytes):
    _, refusals = hash_keys([("hash", b"5")], [("hash", text)])
    assert reasons(refusals) == {1: "HashKeyInvalid"}


def test_without_its_header_a_record_has_no_hash_key():
    _, refusals = hash_keys([("hash", b"5")], None, [("hash", None)])
    assert reasons(refusals) == {1: "HeaderMissing", 2: "HeaderMissing"}
    assert "sink.explicit_hash_key" in refusals[1].message


def test_the_first_refusal_of_a_record_stays():
    refusals: Refusals = {}
    both = with_headers([("hash", b"x")])
    key_source(FromHeader(header="id"))(both, refusals)
    hash_key_source("hash")(both, refusals)
    assert reasons(refusals) == {0: "HeaderMissing"}
