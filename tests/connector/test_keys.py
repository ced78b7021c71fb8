"""Every Kafka key has a partition key of its own that Kinesis takes."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import example, find, given
from hypothesis import strategies as st

from connector.batch import Partition
from connector.keys import LONGEST, field_key, partition_key, partition_keys, place_key, spread_keys

PLACE = Partition("flights", 3)
LONGEST_PLACE = Partition("t" * 249, 2**31 - 1)
tricky = st.sampled_from(
    [b"b64:", b"sha256:", b"b64:YQ==", b"a", b"", b"\xff", b"\x00", b"b64:/w==", b"x" * 300, b"a:"]
)
keys = st.one_of(
    st.binary(max_size=12), st.text(max_size=300).map(str.encode), tricky, st.binary(min_size=180, max_size=200)
)
fields = st.one_of(
    st.text(max_size=12),
    st.integers(-(2**63), 2**64 - 1),
    st.booleans(),
    st.integers(-3, 3).map(str),
    st.sampled_from(["true", "json:1", "json:true", "b64:anNvbjox", "json:" + "1" * 300, "1" * 300]),
)


def characters(key: bytes) -> int:
    return len(key.decode().encode("utf-16-le")) // 2


@given(keys, keys)
@example(b"\xff", b"b64:/w==")
@example(b"", b"b64:")
def test_two_keys_never_become_one(one: bytes, other: bytes):
    assert (partition_key(one) == partition_key(other)) == (one == other)


def test_without_the_escape_of_marks_two_keys_could_become_one():
    def careless(key: bytes) -> bytes:
        return key if key.isascii() else b"b64:" + b64encode(key)

    assert find(st.tuples(tricky, tricky), lambda pair: pair[0] != pair[1] and careless(pair[0]) == careless(pair[1]))


@given(keys)
def test_kinesis_takes_every_partition_key(key: bytes):
    assert 1 <= characters(partition_key(key)) <= LONGEST


@given(st.lists(st.one_of(st.none(), keys), max_size=100))
def test_a_batch_maps_as_its_keys_do(batch: list[bytes | None]):
    mapped = partition_keys(batch, PLACE, range(len(batch)))
    assert mapped == [
        b"flights/3/%d" % offset if key is None else partition_key(key) for offset, key in enumerate(batch)
    ]


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=2, max_size=5))
@example([b"\xc3", b"\xa9"])
@example([b"\xe2\x82", b"\xac"])
@example([b"\xc3", b"\n"])
def test_parts_of_characters_in_neighbours_are_no_text(batch: list[bytes]):
    for key, mapped in zip(batch, partition_keys([*batch], PLACE, range(len(batch))), strict=True):
        mapped.decode()
        assert mapped == partition_key(key)


@pytest.mark.parametrize("odd", [None, b"", b"\xff", b"b64:x", b"sha256:x", b"x" * 257])
@pytest.mark.parametrize("place", [0, 31, 32, 499])
def test_an_odd_key_leaves_the_others_as_they_are(odd: bytes | None, place: int):
    batch: list[bytes | None] = [b"k%d" % number for number in range(500)]
    batch[place] = odd
    mapped = partition_keys(batch, PLACE, range(500))
    assert [index for index in range(500) if mapped[index] is not batch[index]] == [place]
    assert mapped[place] == (b"flights/3/%d" % place if odd is None else partition_key(odd))


def test_texts_stay_as_they_are():
    assert partition_key("Flug über Köln ✈".encode()) == "Flug über Köln ✈".encode()
    assert partition_key(b"x" * 256) == b"x" * 256


def test_other_bytes_are_escaped_and_long_ones_hashed():
    # Peers: debezium-examples #22.
    assert partition_key(b"\xff") == b"b64:/w=="
    assert partition_key(b"\xff" * 190).startswith(b"sha256:")
    assert partition_key(b"x" * 257).startswith(b"sha256:")


def test_characters_beyond_16_bits_count_twice_as_in_java():
    assert partition_key("𝄞".encode() * 128) == "𝄞".encode() * 128
    assert partition_key("𝄞".encode() * 129).startswith(b"sha256:")


def test_the_longest_topic_name_leaves_room_for_the_offset():
    (key,) = partition_keys([None], LONGEST_PLACE, [2**63 - 1])
    assert len(key) <= LONGEST
    assert spread_keys(LONGEST_PLACE, [2**63 - 1]) == [key]
    assert len(place_key(LONGEST_PLACE)) <= LONGEST


@given(fields, fields)
@example("1", 1)
@example(1, True)  # equal in Python
@example("json:1", 1)
@example("json:" + "1" * 300, 1)
def test_two_values_of_a_field_never_become_one_key(one: str | int, other: str | int):
    same = (type(one), one) == (type(other), other)
    assert (field_key(one) == field_key(other)) == same


def test_without_the_mark_of_numbers_two_values_could_become_one_key():
    assert find(st.tuples(fields, fields), lambda pair: pair[0] != pair[1] and str(pair[0]) == str(pair[1]))


@given(fields)
def test_kinesis_takes_the_key_of_every_field(value: str | int):
    assert 1 <= characters(field_key(value)) <= LONGEST


@given(st.text().filter(lambda text: not text.startswith("json:")))
def test_a_text_goes_where_the_same_kafka_key_goes(text: str):
    assert field_key(text) == partition_key(text.encode())


def test_numbers_and_booleans_are_marked():
    assert [field_key(value) for value in (42, -1, True, False)] == [
        b"json:42",
        b"json:-1",
        b"json:true",
        b"json:false",
    ]
