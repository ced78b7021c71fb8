"""Records are read within the window, the limit and the pace, from a stream with a known skew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.errors import CliError
from cli.stream.live import KEY_SPACE, Shard, read_shards
from cli.stream.load import sampling
from cli.stream.load.aggregates import hash_key_of
from cli.stream.load.sample import Sample, take_sample
from cli.stream.load.sampling import ShardSample, Window, sample_records
from tests.cli.load.conftest import Stream
from tests.cli.load.test_aggregates import packed

START = datetime(2030, 1, 1, tzinfo=UTC)


def sampled(
    stream: Stream,
    back: timedelta = timedelta(minutes=1),
    seconds: int = 60,
    limit: int = 1000,
    sketch_for: int | None = None,
) -> Sample:
    aws, arn = stream.aws, stream.arn
    shards = read_shards(aws, arn)
    return take_sample(aws, arn, shards, back=back, seconds=seconds, limit=limit, sketch_for=sketch_for)


def test_every_record_is_counted_under_its_key(stream):
    stream.put("hot", b"x" * 100, times=600)
    for number in range(20):
        stream.put(f"cold-{number}", b"y" * 50)
    stream.put("outer", packed([(f"packed-{number % 2}", None, b"z" * 10) for number in range(10)]))
    sample = sampled(stream, seconds=30, back=timedelta(seconds=30))
    heavy = {key.key.partition_key: key.total for key in sample.keys.heaviest(100)}
    assert heavy[b"hot"] == (600 * 103, 600)
    assert heavy[b"cold-3"] == (50 + 6, 1)
    assert heavy[b"packed-0"].records == heavy[b"packed-1"].records == pytest.approx(0.5)
    assert b"outer" not in heavy
    assert sample.records == 621
    assert sum(load.average.records_per_second for load in sample.loads) == pytest.approx(621 / 30)


def test_a_sample_makes_the_profile_over_the_key_space(stream):
    stream.put("hot", b"x" * 100, times=300)
    for number in range(200):
        stream.put(f"cold-{number}", b"y" * 100)
    sample = sampled(stream)
    profile = sample.profile(top=1)
    hot = hash_key_of(b"hot")
    assert profile.load(hot, hot).records_per_second == pytest.approx(300 / 60)
    assert profile.total.records_per_second == pytest.approx(500 / 60)
    assert profile.load(0, KEY_SPACE - 1).bytes_per_second == pytest.approx(profile.total.bytes_per_second)
    for load in sample.loads:
        own = profile.load(load.shard.start, load.shard.end)
        assert own.records_per_second == pytest.approx(load.average.records_per_second)
    assert [segment.width for segment in profile.segments if segment.start == hot] == [1]


def test_a_sketch_makes_the_same_profile(stream):
    stream.put("hot", b"x" * 100, times=50)
    stream.put("cold", b"y" * 100, times=5)
    exact, sketch = sampled(stream), sampled(stream, sketch_for=5)
    assert [key[:2] for key in sketch.keys.heaviest(2)] == [key[:2] for key in exact.keys.heaviest(2)]
    assert sketch.profile().total.records_per_second == pytest.approx(exact.profile().total.records_per_second)


def test_records_at_unknown_places_are_spread_over_their_shard(stream):
    shard_of_key = 0 if hash_key_of(b"key") < KEY_SPACE // 2 else 1
    elsewhere = KEY_SPACE - 1 if shard_of_key == 0 else 0
    stream.put("key", b"x" * 97, times=60, hash_key=elsewhere)
    sample = sampled(stream)
    assert sample.keys.heaviest(1)[0].key == (b"key", None)
    other = next(load.shard for load in sample.loads if load.shard.start <= elsewhere <= load.shard.end)
    middle = (other.start + other.end) // 2
    assert sample.profile().load(other.start, middle).bytes_per_second == pytest.approx(50)


def test_only_the_window_is_read(stream):
    stream.put("late", b"x", times=3)
    later = datetime.now(UTC) + timedelta(hours=1)
    read = Counter[bytes]()
    shards = read_shards(stream.aws, stream.arn)
    window = Window(later - timedelta(hours=2), 60)
    samples = sample_records(
        stream.aws, stream.arn, shards, window, 1000, lambda _, part: read.update([part.partition_key])
    )
    assert not read
    assert all(sample.complete for sample in samples)


def test_the_limit_ends_a_shard_and_shortens_what_it_covers(stream, capsys):
    stream.put("hot", b"x", times=1000)
    sample = sampled(stream, limit=300)
    read = {shard.records: shard for shard in sample.shards.values()}
    assert set(read) == {0, 300}
    assert not read[300].complete
    assert read[300].covered_seconds <= 60
    assert "--limit 300 was reached" in capsys.readouterr().err


class Throttling:
    """Kinesis whose shards answer some calls only; the clock is that of the test."""

    class exceptions:  # noqa: N801 - as the SDK names it
        ClientError = ClientError

    def __init__(self, answers: Iterable[dict[str, Any] | str]) -> None:
        self.answers = iter(answers)
        self.asked: list[Any] = []

    def get_shard_iterator(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked["ShardIteratorType"])
        return {"ShardIterator": "0"}

    def get_records(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked["Limit"])
        answer = next(self.answers)
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": ""}}, "GetRecords")
        return answer


def page(count: int, second: int, *, size: int = 1000, more: str | None = "1", behind: int = 10_000) -> dict[str, Any]:
    record = {
        "Data": b"x" * (size - 1),
        "PartitionKey": "k",
        "SequenceNumber": str(second),
        "ApproximateArrivalTimestamp": START + timedelta(seconds=second),
    }
    return {"Records": [record] * count, "NextShardIterator": more, "MillisBehindLatest": behind}


def reader(answers: Iterable[dict[str, Any] | str], limit: int = 100_000) -> tuple[sampling._Reader, Throttling]:
    kinesis = Throttling(answers)
    shard = Shard("shard", 0, KEY_SPACE - 1, open=True, parents=())
    client: Any = kinesis
    return sampling._Reader(client, "arn", Window(START, 60), limit, ShardSample(shard)), kinesis


def test_calls_are_small_and_leave_half_of_the_bytes_to_others(monkeypatch):
    monkeypatch.setattr("cli.stream.load.sampling.time.monotonic", lambda: 100.0)
    one, kinesis = reader([page(200, 1), page(1000, 2), page(100, 3, size=50_000), page(10, 70)])
    one.step()
    assert one.due == pytest.approx(100.5)
    one.step()
    assert one.due == pytest.approx(100 + max(0.5, 1_000_000 / (1 << 20)))
    one.step()
    assert one.due == pytest.approx(100 + 5_000_000 / (1 << 20))
    assert one.step() == []
    assert one.done
    assert one.sample.complete
    assert kinesis.asked == ["AT_TIMESTAMP", 200, 1048, 1048, 20]


def test_an_empty_page_on_the_way_is_not_the_end():
    one, _ = reader([page(0, 0, behind=10**12), page(3, 2), page(0, 0, more=None)])
    assert one.step() == []
    assert not one.done
    assert len(one.step()) == 3
    assert not one.done
    one.step()
    assert one.sample.complete


def test_an_expired_iterator_goes_on_behind_the_last_record():
    one, kinesis = reader([page(3, 2), "ExpiredIteratorException", page(0, 0, more=None)])
    while not one.done:
        one.step()
    assert kinesis.asked[0] == "AT_TIMESTAMP"
    assert "AFTER_SEQUENCE_NUMBER" in kinesis.asked
    assert one.sample.records == 3


def test_a_shard_that_its_readers_fill_is_left_to_them(monkeypatch):
    monkeypatch.setattr("cli.stream.load.sampling.time.monotonic", lambda: 0.0)
    one, _ = reader([page(3, 30)] + ["ProvisionedThroughputExceededException"] * 6)
    pauses = []
    while not one.done:
        one.step()
        pauses.append(one.due)
    assert pauses[1:] == [1, 2, 4, 8, 8, 8]
    assert (one.sample.throttled, one.sample.complete, one.sample.covered_seconds) == (6, False, 30)


def test_another_error_is_told():
    one, _ = reader(["AccessDeniedException"])
    with pytest.raises(ClientError):
        one.step()


def test_when_nothing_can_be_read_at_all_the_way_out_is_told(stream, monkeypatch):
    monkeypatch.setattr(sampling, "LONGEST_PAUSE_SECONDS", 0.0)

    def throttled(_):
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetRecords")

    monkeypatch.setattr(sampling._Reader, "_call", throttled)
    with pytest.raises(CliError, match="every call for records was throttled"):
        sampled(stream)
