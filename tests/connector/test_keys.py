"""Every Kafka key has a partition key of its own that Kinesis takes."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from connector.batch import Partition
from connector.keys import LONGEST, partition_key, partition_keys

PLACE = Partition("flights", 3)
tricky = st.sampled_from([b"b64:", b"sha256:", b"b64:YQ==", b"a", b"", b"\xff", b"\x00", b"b64:/w==", b"x" * 300])
keys = st.one_of(
    st.binary(max_size=12), st.text(max_size=300).map(str.encode), tricky, st.binary(min_size=180, max_size=200)
)


@given(keys, keys)
@example(b"\xff", b"b64:/w==")
@example(b"", b"b64:")
def test_two_keys_never_become_one(one: bytes, other: bytes):
    assert (partition_key(one) == partition_key(other)) == (one == other)


@given(keys)
def test_kinesis_takes_every_partition_key(key: bytes):
    mapped = partition_key(key)
    assert 1 <= len(mapped.encode("utf-16-le")) // 2 <= LONGEST


@given(st.lists(st.one_of(st.none(), keys), min_size=1, max_size=20))
def test_a_batch_maps_as_its_keys_do(batch: list[bytes | None]):
    mapped = partition_keys(batch, PLACE, range(len(batch)))
    for offset, (key, text) in enumerate(zip(batch, mapped, strict=True)):
        assert text == (f"flights/3/{offset}" if key is None else partition_key(key))


def test_texts_stay_as_they_are():
    assert partition_key("Flug über Köln ✈".encode()) == "Flug über Köln ✈"
    assert partition_key(b"x" * 256) == "x" * 256


def test_other_bytes_are_escaped_and_long_ones_hashed():
    assert partition_key(b"\xff") == "b64:/w=="
    assert partition_key(b"\xff" * 190).startswith("sha256:")
    assert partition_key(b"x" * 257).startswith("sha256:")


def test_characters_beyond_16_bits_count_twice_as_in_java():
    assert partition_key("𝄞".encode() * 128) == "𝄞" * 128
    assert partition_key("𝄞".encode() * 129).startswith("sha256:")


def test_the_longest_topic_name_leaves_room_for_the_offset():
    (key,) = partition_keys([None], Partition("t" * 249, 2**31 - 1), [2**63 - 1])
    assert len(key) <= LONGEST
