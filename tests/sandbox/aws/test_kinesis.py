"""Kinesis on its own API: where records go, what comes back, resharding."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.kinesis import models

from sandbox.aws import kinesis, kinesis_data
from sandbox.aws.mends import mend
from sandbox.aws.shard import Record, Shard

Names = Callable[[str], str]


def backend() -> models.KinesisBackend:
    mend()
    return models.KinesisBackend("eu-west-1", "111122223333")


def stream_of(shards: int) -> Any:
    return backend().create_stream("numbers", shards)


def read_all(client: Any, stream: str, shard_id: str, **start: Any) -> list[dict[str, Any]]:
    start = start or {"ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.get_shard_iterator(StreamName=stream, ShardId=shard_id, **start)["ShardIterator"]
    records: list[dict[str, Any]] = []
    while iterator:
        answer = client.get_records(ShardIterator=iterator)
        records += answer["Records"]
        if not answer["MillisBehindLatest"]:
            break
        iterator = answer.get("NextShardIterator")
    return records


@given(shards=st.integers(1, 40), place=st.integers(0, kinesis.KEY_SPACE - 1))
def test_every_hash_key_belongs_to_the_one_open_shard_whose_range_holds_it(shards: int, place: int) -> None:
    found = stream_of(shards).get_shard_for_key("key", str(place))
    assert found.starting_hash <= place <= found.ending_hash


def test_moto_itself_finds_no_shard_for_the_last_hash_key_of_a_range() -> None:
    mend()
    with kinesis.mends.removed():
        stream = models.KinesisBackend("eu-west-1", "111122223333").create_stream("numbers", 2)
        assert stream.get_shard_for_key("key", str(kinesis.KEY_SPACE - 1)) is None


@given(key=st.text(min_size=1, max_size=256))
def test_without_an_explicit_hash_key_the_md5_of_the_partition_key_decides(key: str) -> None:
    stream = stream_of(7)
    assert stream.get_shard_for_key(key, None) is stream.get_shard_for_key("any", str(kinesis.hash_key(key)))


@settings(max_examples=30)
@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_update_shard_count_leaves_even_ranges_and_children_that_cover_their_parents(counts: list[int]) -> None:
    stream = stream_of(4)
    for count in counts:
        stream.update_shard_count(count)
        open_shards = stream.routing[1]
        assert [(one.starting_hash, one.ending_hash) for one in open_shards] == kinesis.even_ranges(count)
    for one in stream.shards.values():
        parents = [stream.shards[name] for name in (one.parent, one.adjacent_parent) if name]
        assert all(not parent.is_open and parent.start < one.start for parent in parents)
        if len(parents) == 2:
            low, high = sorted(parents, key=lambda parent: parent.starting_hash)
            assert (low.starting_hash, high.ending_hash) == (one.starting_hash, one.ending_hash)
        if len(parents) == 1:
            assert parents[0].starting_hash <= one.starting_hash <= one.ending_hash <= parents[0].ending_hash


def test_moto_itself_leaves_uneven_ranges() -> None:
    mend()
    with kinesis.mends.removed():
        stream = models.KinesisBackend("eu-west-1", "111122223333").create_stream("numbers", 4)
        stream.update_shard_count(6)
        sizes = {one.ending_hash - one.starting_hash for one in stream.shards.values() if one.is_open}
    assert max(sizes) > 1.9 * min(sizes)


def test_sequence_numbers_of_a_shard_increase_and_have_56_digits(session: boto3.Session, names: Names) -> None:
    client, name = session.client("kinesis"), names("stream")
    client.create_stream(StreamName=name, ShardCount=2)
    records: list[Any] = [{"Data": b"x", "PartitionKey": str(number % 50)} for number in range(100)]
    answers = [client.put_records(StreamName=name, Records=records)["Records"] for _ in range(3)]
    for shard_id in ("shardId-000000000000", "shardId-000000000001"):
        numbers = [int(one["SequenceNumber"]) for batch in answers for one in batch if one["ShardId"] == shard_id]
        assert all(low < high for low, high in pairwise(numbers))
        assert {len(str(number)) for number in numbers} == {56}


def test_what_was_put_comes_back_in_order_from_every_kind_of_start(session: boto3.Session, names: Names) -> None:
    client, name = session.client("kinesis"), names("stream")
    client.create_stream(StreamName=name, ShardCount=1)
    before = time.time()
    put = [
        client.put_record(StreamName=name, Data=str(number).encode(), PartitionKey="k")["SequenceNumber"]
        for number in range(10)
    ]
    only: Any = "shardId-000000000000"
    everything = read_all(client, name, only)
    assert [record["Data"] for record in everything] == [str(number).encode() for number in range(10)]
    assert [record["SequenceNumber"] for record in everything] == put
    at = read_all(client, name, only, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=put[3])
    after = read_all(client, name, only, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=put[3])
    assert [record["SequenceNumber"] for record in at] == put[3:]
    assert [record["SequenceNumber"] for record in after] == put[4:]
    assert read_all(client, name, only, ShardIteratorType="LATEST") == []
    stamped = read_all(client, name, only, ShardIteratorType="AT_TIMESTAMP", Timestamp=before)
    assert len(stamped) == 10
    assert read_all(client, name, only, ShardIteratorType="AT_TIMESTAMP", Timestamp=time.time() + 60) == []


def test_records_of_a_split_shard_stay_there_and_its_end_names_the_children(
    session: boto3.Session, names: Names
) -> None:
    client, name = session.client("kinesis"), names("stream")
    client.create_stream(StreamName=name, ShardCount=1)
    client.put_record(StreamName=name, Data=b"old", PartitionKey="k")
    client.split_shard(
        StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(kinesis.KEY_SPACE // 2)
    )
    new = client.put_record(StreamName=name, Data=b"new", PartitionKey="k")
    assert new["ShardId"] in ("shardId-000000000001", "shardId-000000000002")
    iterator = client.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    end = client.get_records(ShardIterator=iterator)
    assert [record["Data"] for record in end["Records"]] == [b"old"]
    assert "NextShardIterator" not in end
    assert [child["ShardId"] for child in end["ChildShards"]] == ["shardId-000000000001", "shardId-000000000002"]
    assert [record["Data"] for record in read_all(client, name, new["ShardId"])] == [b"new"]
    listed = client.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert [one["ShardId"] for one in listed] == ["shardId-000000000001", "shardId-000000000002"]


def test_shards_are_listed_page_by_page(session: boto3.Session, names: Names) -> None:
    client, name = session.client("kinesis"), names("stream")
    client.create_stream(StreamName=name, ShardCount=5)
    pages = [client.list_shards(StreamName=name, MaxResults=2)]
    while "NextToken" in pages[-1]:
        pages.append(client.list_shards(NextToken=pages[-1]["NextToken"], MaxResults=2))
    assert [len(page["Shards"]) for page in pages] == [2, 2, 1]


@pytest.mark.parametrize(
    ("records", "error"),
    [
        ([{"Data": b"x", "PartitionKey": "k"}] * 501, "ValidationException"),
        ([{"Data": b"x" * (1024 * 1024 + 1), "PartitionKey": "k"}], "ValidationException"),
        ([{"Data": b"x" * 1024 * 1000, "PartitionKey": "k"}] * 11, "InvalidArgumentException"),
        ([{"Data": b"x", "PartitionKey": "k" * 257}], "InvalidArgumentException"),
        ([{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": str(2**128)}], "InvalidArgumentException"),
    ],
)
def test_what_the_service_refuses_is_refused_whole(
    session: boto3.Session, names: Names, records: list[Any], error: str
) -> None:
    client, name = session.client("kinesis"), names("stream")
    client.create_stream(StreamName=name, ShardCount=1)
    client.meta.events.unregister("before-parameter-build.kinesis")
    with pytest.raises(ClientError) as refused:
        client.put_records(StreamName=name, Records=records)
    assert refused.value.response["Error"]["Code"] == error
    assert read_all(client, name, "shardId-000000000000") == []


def test_an_iterator_expires_after_five_minutes_and_a_forged_one_is_refused() -> None:
    old = kinesis_data.Iterator("stream", "shard", 0, time.time() - 301).encode()
    with pytest.raises(Exception, match="Iterator expired"):
        kinesis_data.Iterator.decode(old)
    with pytest.raises(Exception, match="Invalid ShardIterator"):
        kinesis_data.Iterator.decode("none-of-ours")


def test_records_are_gone_when_they_outlive_the_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = backend()
    stream: Any = kept.create_stream("numbers", 1)
    kinesis_data.put_record(kept, {"StreamName": "numbers", "Data": b"old", "PartitionKey": "k"})
    a_day_later = time.time() + 24 * 3600 + 1
    monkeypatch.setattr(time, "time", lambda: a_day_later)
    kinesis_data.put_record(kept, {"StreamName": "numbers", "Data": b"new", "PartitionKey": "k"})
    asked = {"StreamName": "numbers", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis_data.get_shard_iterator(kept, asked)
    assert [one["Data"] for one in kinesis_data.get_records(kept, iterator)["Records"]] == [b"new"]
    stream.retention_period_hours = 48
    assert len(kinesis_data.get_records(kept, iterator)["Records"]) == 2


def _seconds_for(kept: models.KinesisBackend, calls: int) -> float:
    records = [{"Data": b"x" * 100, "PartitionKey": "k"}] * 500
    started = time.process_time()
    for _ in range(calls):
        kinesis_data.put_records(kept, {"StreamName": "numbers", "Records": records})
    return time.process_time() - started


def test_a_put_costs_the_same_however_many_records_came_before() -> None:
    kept = backend()
    kept.create_stream("numbers", 1)
    first = min(_seconds_for(kept, 4) for _ in range(3))
    _seconds_for(kept, 120)
    later = min(_seconds_for(kept, 4) for _ in range(3))
    assert later < 4 * first


def test_in_moto_itself_a_put_costs_more_with_every_record() -> None:
    mend()
    with kinesis.mends.removed():
        one = models.Shard(0, 0, 1)

        def seconds() -> float:
            started = time.process_time()
            for _ in range(50):
                one.put_record("k", "eA==", "")
            return time.process_time() - started

        first = min(seconds() for _ in range(3))
        for number in range(30_000):
            one.records[1000 + number] = one.records[1]
        assert seconds() > 10 * first


def _kept_for(records: int, store: Callable[[int], object]) -> float:
    """Bytes for each of some records, without those of key and data, which are there before."""
    tracemalloc.start()
    try:
        for number in range(records):
            store(number)
        return tracemalloc.get_traced_memory()[0] / records
    finally:
        tracemalloc.stop()


def test_a_shard_keeps_little_more_than_keys_and_data() -> None:
    shard, log = Shard(0, 0, 1), list[Record]()
    data = [b"%d" % number for number in range(5000)]
    assert _kept_for(5000, lambda number: shard.append("k", data[number])) < 40
    assert [record.data for record in shard.read(0, 5000)] == data
    # A record that is an object by itself takes several times as much.
    assert (
        _kept_for(5000, lambda number: log.append(Record(shard.start + number, time.time(), "k", data[number]))) > 120
    )
