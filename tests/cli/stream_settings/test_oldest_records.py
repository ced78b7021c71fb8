"""How the beginning of a shard is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from cli.stream.live import Shard
from cli.stream.oldest_records import MOST_READS, read_oldest_records

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
SHARD = Shard("shardId-000000000000", 0, 1, open=True, parents=())


class Kinesis:
    """GetRecords as it answers in turn: how far behind (None: a record from NOW), and whether the shard goes on."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class ResourceNotFoundException(Exception): ...  # noqa: N818

    def __init__(self, *answers: tuple[timedelta | None, bool]) -> None:
        self.answers = list(answers)
        self.reads = 0

    def get_shard_iterator(self, **asked: Any) -> dict[str, str]:
        assert asked["ShardIteratorType"] == "TRIM_HORIZON"
        return {"ShardIterator": "0"}

    def get_records(self, **asked: Any) -> dict[str, Any]:
        assert asked["ShardIterator"] == str(self.reads)
        behind, more = self.answers[min(self.reads, len(self.answers) - 1)]
        self.reads += 1
        answer: dict[str, Any] = {"MillisBehindLatest": 0 if behind is None else int(behind.total_seconds() * 1000)}
        answer["Records"] = [{"ApproximateArrivalTimestamp": NOW}] if behind is None else []
        return answer | ({"NextShardIterator": str(self.reads)} if more else {})


def read(kinesis: Any) -> Any:
    aws: Any = SimpleNamespace(kinesis=kinesis)
    return read_oldest_records(aws, "arn", [SHARD], DAY)[0]


def test_a_record_behind_answers_without_any_is_found():
    kinesis = Kinesis((3 * DAY, True), (2 * DAY, True), (None, True))
    found = read(kinesis)
    assert (found.arrived, kinesis.reads) == (NOW, 3)
    assert found.older_than(NOW + timedelta(seconds=1)) is True
    assert found.older_than(NOW) is False


def test_reading_ends_where_nothing_can_be_older_any_more():
    kinesis = Kinesis((2 * DAY, True), (DAY, True))
    found = read(kinesis)
    assert (found.older_than(NOW), kinesis.reads) == (False, 2)


def test_a_closed_shard_that_ends_without_a_record_holds_none():
    assert read(Kinesis((2 * DAY, False))).older_than(NOW) is False


def test_a_beginning_that_is_not_found_is_unknown_and_not_empty():
    kinesis = Kinesis((3 * DAY, True))
    found = read(kinesis)
    assert (found.older_than(NOW), kinesis.reads) == (None, MOST_READS)
    assert "found no record yet" in found.unknown


def test_a_shard_that_may_not_be_read_is_unknown():
    kinesis = Kinesis()
    kinesis.get_shard_iterator = lambda **_: (_ for _ in ()).throw(  # type: ignore[method-assign]
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetShardIterator")
    )
    found = read(kinesis)
    assert found.older_than(NOW) is None
    assert "may not do this" in found.unknown


def test_a_shard_that_has_expired_meanwhile_loses_nothing():
    kinesis = Kinesis()
    gone = kinesis.exceptions.ResourceNotFoundException
    kinesis.get_shard_iterator = lambda **_: (_ for _ in ()).throw(gone())  # type: ignore[method-assign]
    assert read(kinesis).older_than(NOW) is False
