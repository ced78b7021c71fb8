"""After a reshard the records of closed shards count for the open ones that take their hash keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.aws import Aws
from cli.stream.live import KEY_SPACE, Shard, read_shards
from cli.stream.load.aggregates import hash_key_of
from cli.stream.load.heirs import Heirs
from cli.stream.load.records import KeyPart
from cli.stream.load.sample import take_sample

QUARTER = KEY_SPACE // 4
QUARTERS = [
    Shard(f"q{number}", number * QUARTER, (number + 1) * QUARTER - 1, open=True, parents=()) for number in range(4)
]
CLOSED = Shard("old", QUARTER, 3 * QUARTER - 1, open=False, parents=())


def only_open(aws: Aws, arn: str) -> list[Shard]:
    return read_shards(aws, arn, only_open=True)


def part(hash_key: int | None, shard_id: str = "old") -> KeyPart:
    return KeyPart(shard_id, 0, b"key", hash_key, 1, 1.0)


def heir(heirs: Heirs, of: KeyPart) -> str | None:
    """The shard that a part of the closed one goes to."""
    found = heirs.inherit(CLOSED, of)
    return found and found.shard_id


def test_a_part_goes_to_the_shard_that_has_its_hash_key_now():
    heirs = Heirs(reversed(QUARTERS))
    assert heir(heirs, part(QUARTER)) == "q1"
    assert heir(heirs, part(2 * QUARTER)) == "q2"
    assert heir(heirs, part(None)) in ("q1", "q2")
    assert heirs.inherit(QUARTERS[0], part(None, "q0")) == part(None, "q0")
    assert [shard.shard_id for shard in heirs.of(CLOSED)] == ["q1", "q2"]


def test_a_part_of_a_shard_that_was_not_asked_for_is_left_out():
    heirs = Heirs(QUARTERS[1:2])
    assert heirs.inherit(CLOSED, part(2 * QUARTER)) is None
    assert heirs.inherit(CLOSED, part(0)) is None
    assert heir(heirs, part(QUARTER)) == "q1"
    assert heirs.of(QUARTERS[3]) == []


@pytest.mark.parametrize("followed", [True, False])
def test_the_children_of_a_split_have_the_load_of_their_parent(stream, monkeypatch, followed):
    if not followed:
        monkeypatch.setattr("cli.stream.load.sample.read_shards_since", lambda aws, arn, _: only_open(aws, arn))
    stream.put("key", b"x" * 97, times=60)
    parent = "shardId-000000000000" if hash_key_of(b"key") < KEY_SPACE // 2 else "shardId-000000000001"
    own = next(shard for shard in read_shards(stream.aws, stream.arn) if shard.shard_id == parent)
    cut = (own.start + own.end) // 2
    stream.kinesis.split_shard(StreamName=stream.name, ShardToSplit=parent, NewStartingHashKey=str(cut))
    stream.until_active()
    shards = only_open(stream.aws, stream.arn)
    sample = take_sample(stream.aws, stream.arn, shards, back=timedelta(seconds=60), seconds=60)
    assert {load.shard.shard_id for load in sample.loads} == {shard.shard_id for shard in shards}
    if not followed:
        assert sample.records == 0  # which is what a reshard by load would have believed
        return
    (loaded,) = [load for load in sample.loads if load.average.bytes_per_second]
    assert loaded.shard.start <= hash_key_of(b"key") <= loaded.shard.end
    assert parent not in sample.shards
    assert loaded.average.bytes_per_second == pytest.approx(100)
    assert sample.records == 60
    assert sample.profile().total.bytes_per_second == pytest.approx(100)
