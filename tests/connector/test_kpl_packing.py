"""Aggregates by predicted shard, as an independent reader finds them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.batch import Partition, Records, records
from connector.feed import Lane
from connector.kinesis.aggregation import HASH_KEY_COST, MAGIC, RECORD_COST, UserRecord
from connector.kinesis.kpl_packing import KplPacking
from connector.outcome import Placements
from connector.packing import Part
from tests.connector import kpl
from tests.connector.fault_server import FaultServer, Taken, even_shards
from tests.connector.packed_world import AskedShards, merge, read

LANE = Lane(Partition("t", 0))
SIZE = 500
LAST = str((1 << 128) - 1)


class Stream:
    """Some shards, and what packs for them."""

    def __init__(self, hash_key: str | None = None, size: int = SIZE, shards: int = 4) -> None:
        self.server = FaultServer(shards=even_shards(shards))
        self.shards = AskedShards(self.server)
        self.packing = KplPacking(self.shards, size, hash_key)

    def shard_of(self, packed: Records, hash_key: str | None = None) -> str:
        named = packed.hash_keys[0] if packed.hash_keys else hash_key
        return self.server.shard_of({"PartitionKey": packed.keys[0].decode(), "ExplicitHashKey": named}).name

    def is_in_vain(
        self, packed: Records, placements: Placements | None, judged: int = 0, name: Hashable = None
    ) -> bool | None:
        return self.packing.is_in_vain(name, packed, placements, judged)


def content(keys: Sequence[bytes], hash_keys: list[str] | None = None) -> Records:
    return records(list(keys), [b"%d" % n for n in range(len(keys))], range(len(keys)), hash_keys)


def at(shard: str) -> Placements:
    return Placements([b"1"], [shard.encode()])


KEYS = [b"%d" % number for number in range(60)]


@pytest.fixture
def stream() -> Stream:
    return Stream()


def test_records_are_parted_by_their_shard_in_their_order(stream: Stream):
    parted = list(stream.packing.routes(LANE, content(KEYS)))
    assert len(parted) == 4
    for _, routed in parted:
        assert len({stream.shard_of(content([key])) for key in routed.keys}) == 1
        assert list(routed.offsets) == sorted(routed.offsets)
    assert sorted(offset for _, routed in parted for offset in routed.offsets) == list(range(60))


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=6).map(bytes.hex), st.integers(0, 200)), min_size=1, max_size=40),
    st.integers(1, 40),
    st.booleans(),
)
def test_an_aggregate_with_the_key_it_is_sent_under_is_never_above_the_size_and_the_next_record_might_not_fit(
    made: list[tuple[str, int]], most: int, named: bool
):
    packing = Stream().packing
    whole = records(
        [key.encode() for key, _ in made],
        [bytes(length) for _, length in made],
        range(len(made)),
        ["7"] * len(made) if named else None,
    )
    first, rest = whole.split((len(whole) + 1) // 2)
    parts = [Part(LANE, each) for each in (first, rest) if len(each)]
    count = sum(packing.fitting(parts, most))
    assert 1 <= count <= min(most, len(whole))
    assert count == 1 or packing.pack(whole.split(count)[0]).size <= SIZE
    cost = RECORD_COST + HASH_KEY_COST if named else RECORD_COST
    repeated = sum(len(key) for key, _ in made) - sum(map(len, {key for key, _ in made}))
    slack = (count + 1) * cost + repeated
    assert count == min(most, len(whole)) or packing.pack(whole.split(count + 1)[0]).size + slack > SIZE


def test_an_independent_reader_finds_every_record_of_an_aggregate(stream: Stream):
    packed = stream.packing.pack(content(KEYS[:3]))
    assert packed.keys == KEYS[:1]
    assert kpl.read(packed.data[0]) == [UserRecord(key, None, b"%d" % n) for n, key in enumerate(KEYS[:3])]


def test_with_one_hash_key_for_all_the_aggregate_names_it_or_readers_would_drop_it():
    stream = Stream(hash_key=LAST)
    (_, routed), *others = stream.packing.routes(LANE, content(KEYS[:5]))
    assert not others
    packed = stream.packing.pack(routed)
    taken = Taken("0", packed.data[0], stream.shard_of(packed, LAST))
    reading = read(stream.server, [taken])
    assert (len(reading.records), reading.dropped) == (5, 0)
    assert {each.hash_key for each in kpl.read(packed.data[0])} == {LAST}
    without = Taken("0", Stream().packing.pack(routed).data[0], taken.shard)
    assert read(stream.server, [without]).dropped == 1


def test_hash_keys_of_their_own_decide_the_shard_and_travel_inside_and_outside(stream: Stream):
    whole = content(KEYS[:4], ["1", LAST, "2", LAST])
    parted = [routed for _, routed in stream.packing.routes(LANE, whole)]
    assert [list(routed.offsets) for routed in parted] == [[0, 2], [1, 3]]
    packed = stream.packing.pack(parted[0])
    assert packed.hash_keys == ["1"]
    assert [each.hash_key for each in kpl.read(packed.data[0])] == ["1", "2"]


def test_a_record_alone_goes_as_it_is_but_one_that_looks_like_an_aggregate(stream: Stream):
    assert stream.packing.pack(content([b"a"])).data == [b"0"]
    odd = records([b"a"], [MAGIC + b"odd"], [0])
    assert kpl.read(stream.packing.pack(odd).data[0]) == [UserRecord(b"a", None, MAGIC + b"odd")]


def routed(stream: Stream, place: int) -> Records:
    return [routed for _, routed in stream.packing.routes(LANE, content(KEYS))][place]


def test_after_a_split_what_is_known_to_lie_wrong_is_sent_again_and_what_is_not_waits_for_the_listing(stream: Stream):
    spread = routed(stream, 1)
    taken_by = stream.server.shards[1]
    stream.server.split(taken_by.name)
    lower, upper = stream.server.shards[-2:]
    in_one = spread.select([i for i, key in enumerate(spread.keys) if stream.shard_of(content([key])) == lower.name])
    assert 1 < len(in_one) < len(spread)
    assert stream.is_in_vain(spread, at(lower.name)) is None
    assert stream.shards.asked == 1
    assert not stream.packing.is_settled()
    stream.shards.answer()
    assert stream.is_in_vain(spread, at(lower.name)) is True
    assert stream.is_in_vain(spread, at(upper.name)) is True
    assert stream.is_in_vain(in_one, at(lower.name)) is False
    assert stream.is_in_vain(spread, at(taken_by.name)) is False
    assert stream.shards.asked == 1, "the newer listing is there already"
    assert stream.packing.has_moved()
    assert not stream.packing.has_moved()


def test_after_a_merge_nothing_is_sent_again(stream: Stream):
    spread = routed(stream, 1)
    merge(stream.server, stream.server.shards[0], stream.server.shards[1])
    merged = stream.server.shards[-1].name
    assert stream.is_in_vain(spread, at(merged)) is None
    stream.shards.answer()
    assert stream.is_in_vain(spread, at(merged)) is False


def test_an_aggregate_where_nobody_expected_it_makes_the_shards_be_listed_again(stream: Stream):
    assert stream.is_in_vain(routed(stream, 1), at(stream.server.shards[2].name)) is True
    assert stream.shards.asked == 1


def test_a_record_alone_is_never_sent_again(stream: Stream):
    assert stream.is_in_vain(content([b"a"]), at("shardId-000000000099")) is False
    assert stream.shards.asked == 0


def test_without_a_shard_in_the_answer_there_is_nothing_to_go_by(stream: Stream):
    assert stream.is_in_vain(content(KEYS[:2]), at("")) is False
    assert stream.is_in_vain(content(KEYS[:2]), None) is False


def test_a_list_that_never_shows_the_shard_is_one_of_another_stream_and_the_aggregate_is_sent_again(stream: Stream):
    gone = at("shardId-000000000099")
    judged = 0
    while (in_vain := stream.is_in_vain(content(KEYS[:2]), gone, judged)) is None:
        assert not stream.packing.is_settled()
        stream.shards.answer()
        judged += 1
    assert in_vain is True
    assert judged >= 5, "a list may be late"


def remake(stream: Stream, count: int) -> None:
    """Delete the stream and make it anew."""
    stream.server.shards = even_shards(count)


def test_a_known_shard_of_a_stream_that_may_be_another_one_is_listed_again_before_it_is_judged_by(stream: Stream):
    spread = content(KEYS)
    first = at(stream.server.shards[0].name)
    remake(stream, 1)
    stream.shards.doubt()
    assert stream.packing.is_settled(), "a probe must leave"
    assert stream.is_in_vain(content([b"a"]), first) is False, "one alone is never dropped"
    assert stream.shards.asked == 0
    assert stream.is_in_vain(spread, first) is None
    assert not stream.packing.is_settled()
    stream.shards.answer()
    assert stream.is_in_vain(spread, first, 1) is False
    remake(stream, 2)
    stream.shards.doubt()
    assert stream.is_in_vain(spread, first) is None
    stream.shards.answer()
    assert stream.is_in_vain(spread, first, 1) is True
    assert stream.is_in_vain(routed(stream, 0), first) is False


def test_without_a_doubt_the_old_ranges_of_the_names_would_count():
    stream = Stream(shards=1)
    remake(stream, 2)
    assert stream.is_in_vain(content(KEYS), at(stream.server.shards[0].name)) is False
    stream.shards.doubt()
    assert stream.is_in_vain(content(KEYS), at(stream.server.shards[0].name)) is None


def test_what_is_judged_again_is_judged_by_a_list_that_is_newer_than_its_answer_whatever_came_since(stream: Stream):
    stream.server.split(stream.server.shards[1].name)
    spread, lower = content(KEYS), at(stream.server.shards[-2].name)
    assert stream.is_in_vain(spread, lower) is None
    stream.shards.answer()
    stream.shards.doubt()
    assert stream.is_in_vain(spread, lower, 1) is True
