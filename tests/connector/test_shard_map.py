"""Which shard takes a record, and whether readers accept an aggregate where it landed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.kinesis.aggregation import UserRecord, aggregate, deaggregate
from connector.kinesis.shard_map import NOWHERE, ShardMap, UnknownShardError, hash_key

KEY_SPACE = 1 << 128
TOP = KEY_SPACE - 1

keys = st.lists(st.binary(max_size=20), max_size=20)


def name(number: int) -> str:
    return f"shardId-{number:012d}"


def shard(number: int, first: int, last: int, *, closed: bool = False, parents: tuple[int, ...] = ()) -> dict[str, Any]:
    """One entry of ListShards."""
    roles = zip(("ParentShardId", "AdjacentParentShardId"), map(name, parents), strict=False)
    return {
        "ShardId": name(number),
        "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last)},
        "SequenceNumberRange": {"StartingSequenceNumber": "49", **({"EndingSequenceNumber": "50"} if closed else {})},
        **dict(roles),
    }


def even(count: int) -> list[dict[str, Any]]:
    cuts = [KEY_SPACE * place // count for place in range(count + 1)]
    return [shard(number, cuts[number], cuts[number + 1] - 1) for number in range(count)]


@st.composite
def streams(draw):
    """A stream that was resharded a few times, perhaps listed while it was."""
    listed = even(draw(st.integers(1, 5)))
    for _ in range(draw(st.integers(0, 5))):
        parent = draw(st.sampled_from([s for s in listed if "EndingSequenceNumber" not in s["SequenceNumberRange"]]))
        number = int(parent["ShardId"][-12:])
        first, last = (int(parent["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
        if first == last:
            continue
        cut = draw(st.integers(first + 1, last))
        if draw(st.booleans()):
            parent["SequenceNumberRange"]["EndingSequenceNumber"] = "50"
        listed += [
            shard(len(listed), first, cut - 1, parents=(number,)),
            shard(len(listed) + 1, cut, last, parents=(number,)),
        ]
    missing = draw(st.sets(st.integers(0, len(listed) - 1), max_size=2))
    return [entry for place, entry in enumerate(listed) if place not in missing]


def owner(listed, position: int) -> str | None:
    """The youngest shard that takes this hash key, found the slow way."""
    with_children = {entry.get("ParentShardId") for entry in listed}
    owners = [
        entry["ShardId"]
        for entry in listed
        if int(entry["HashKeyRange"]["StartingHashKey"]) <= position <= int(entry["HashKeyRange"]["EndingHashKey"])
        and "EndingSequenceNumber" not in entry["SequenceNumberRange"]
        and entry["ShardId"] not in with_children
    ]
    return max(owners, default=None)


@given(st.binary())
def test_a_hash_key_is_the_md5_digest_as_a_number(key):
    assert hash_key(key) == int(hashlib.md5(key).hexdigest(), 16)  # noqa: S324


@given(streams(), keys, st.lists(st.sampled_from([0, 1, TOP]) | st.integers(0, TOP), max_size=20))
def test_a_record_goes_to_the_youngest_open_shard_that_owns_its_hash_key(listed, some_keys, positions):
    shards = ShardMap(listed)
    predicted = shards.shards_of(some_keys)
    assert [NOWHERE if index == NOWHERE else shards.open[index] for index in predicted] == [
        owner(listed, hash_key(key)) or NOWHERE for key in some_keys
    ]
    explicit = [str(position) for position in positions]
    predicted = shards.shards_of([b"same"] * len(explicit), explicit)
    assert [NOWHERE if index == NOWHERE else shards.open[index] for index in predicted] == [
        owner(listed, position) or NOWHERE for position in positions
    ]


@given(st.integers(1, 40), st.data())
def test_edges_of_even_shards_belong_to_their_own_side(count, data):
    shards = ShardMap(even(count))
    number = data.draw(st.integers(0, count - 1))
    edges = [str(KEY_SPACE * number // count), str(KEY_SPACE * (number + 1) // count - 1)]
    assert shards.shards_of([b"", b""], edges) == [number, number]


@given(st.lists(st.sampled_from([b"%d" % number for number in range(30)]), max_size=200), st.integers(1, 10))
def test_a_small_cache_answers_as_a_large_one(asked, capacity):
    small, large = ShardMap(even(7), cached_keys=capacity), ShardMap(even(7))
    for place in range(0, len(asked), 5):
        part = asked[place : place + 5]
        assert small.shards_of(part) == large.shards_of(part)
        assert len(small._cache) + len(small._cache.older) < 2 * (capacity + 5)


def test_closed_shards_and_parents_take_nothing():
    split = [
        shard(0, 0, TOP, closed=True),
        shard(1, 0, 99, parents=(0,)),
        shard(2, 100, TOP, parents=(0,)),
        shard(3, 0, TOP, parents=(1, 2)),
    ]
    assert ShardMap(split).open == [name(3)]
    assert ShardMap(split[:3]).open == [name(1), name(2)]


@pytest.mark.parametrize("listed", [[], [shard(0, 0, TOP, closed=True)]])
def test_a_stream_without_open_shards_is_no_error(listed):
    shards = ShardMap(listed)
    assert shards.open == []
    assert shards.shards_of([b"a", b"b"]) == [NOWHERE, NOWHERE]


def test_any_listed_shard_tells_what_it_covers():
    shards = ShardMap([shard(0, 0, TOP, closed=True), shard(1, 0, 99, parents=(0,)), shard(2, 100, TOP, parents=(0,))])
    assert shards.covers(name(0), TOP)
    assert shards.covers(name(1), 99)
    assert not shards.covers(name(1), 100)
    assert shards.covers(name(2), TOP)


def test_a_shard_that_is_not_listed_asks_for_a_new_map():
    shards = ShardMap(even(2))
    with pytest.raises(UnknownShardError):
        shards.covers(name(2), 0)
    with pytest.raises(UnknownShardError):
        shards.misplaced(name(2), [b"a"])


def test_an_aggregate_that_only_a_merged_shard_took_stays():
    parents = [shard(0, 0, 99, closed=True), shard(1, 100, TOP, closed=True)]
    merged = ShardMap([*parents, shard(2, 0, TOP, parents=(0, 1))])
    some = [b"%d" % number for number in range(20)]
    assert not merged.misplaced(name(2), some)
    assert not merged.misplaced(name(1), some)  # closed meanwhile, and it owns them as ever
    assert merged.misplaced(name(0), some)


def test_an_aggregate_that_one_half_of_a_split_shard_took_goes_again():
    half = KEY_SPACE // 2
    split = ShardMap([shard(0, 0, TOP, closed=True), shard(1, 0, half - 1), shard(2, half, TOP)])
    low = [key for key in (b"%d" % number for number in range(40)) if hash_key(key) < half]
    high = [key for key in (b"%d" % number for number in range(40)) if hash_key(key) >= half]
    assert not split.misplaced(name(1), low)
    assert split.misplaced(name(2), low)
    assert split.misplaced(name(1), [*low, high[0]])
    assert not split.misplaced(name(2), high)


@pytest.mark.parametrize("sent_again", [True, False])
def test_records_packed_before_a_split_reach_readers_if_misplaced_aggregates_are_sent_again(sent_again):
    half = KEY_SPACE // 2
    before = ShardMap([shard(0, 0, TOP)])
    after = ShardMap([shard(0, 0, TOP, closed=True), shard(1, 0, half - 1, parents=(0,)), shard(2, half, TOP)])
    waiting = [[b"%d" % number for number in range(place, place + 10)] for place in range(0, 200, 10)]
    assert {index for aggregated in waiting for index in before.shards_of(aggregated)} == {0}
    read: set[bytes] = set()
    resent = 0
    while waiting:
        aggregated = waiting.pop()
        data = aggregate(aggregated, aggregated)
        took = after.open[after.shards_of(aggregated[:1])[0]]  # the service looks at the first key alone
        found = deaggregate(data) or [UserRecord(aggregated[0], None, data)]
        if all(after.covers(took, hash_key(record.key)) for record in found):  # the rule of the KCL
            read.update(record.data for record in found)
        if sent_again and after.misplaced(took, aggregated):
            resent += 1
            owners = after.shards_of(aggregated)
            waiting += [
                [key for key, index in zip(aggregated, owners, strict=True) if index == place] for place in set(owners)
            ]
    assert (len(read) == 200) == sent_again
    assert (resent > 0) == sent_again


@given(streams(), keys.filter(bool), st.booleans(), st.data())
def test_an_aggregate_goes_again_if_and_only_if_a_hash_key_lies_outside_the_shard_that_took_it(
    listed, some_keys, explicit, data
):
    shards = ShardMap(listed)
    if not listed:
        return
    took = data.draw(st.sampled_from(listed))
    first, last = (int(took["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    near = st.sampled_from([first, last, max(first - 1, 0), min(last + 1, TOP)]) | st.integers(first, last)
    positions = [data.draw(near) if explicit else hash_key(key) for key in some_keys]
    hash_keys = [str(position) for position in positions] if explicit else None
    inside = [first <= position <= last for position in positions]
    assert shards.misplaced(took["ShardId"], some_keys, hash_keys) == (not all(inside))
    assert [shards.covers(took["ShardId"], position) for position in positions] == inside
