"""What a shorter retention would delete, by law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.stream.oldest_records import OldestRecord
from cli.stream.retention_loss import MOST_TOLD, Loss, Written

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)

ages = st.none() | st.timedeltas(timedelta(), 365 * DAY)
shards = st.lists(st.tuples(ages, st.booleans()), max_size=30)


def loss_of(found: list[tuple[timedelta | None, bool]]) -> Loss:
    oldest = [
        OldestRecord(f"shardId-{number:012}", None if age is None else NOW - age, "not allowed" if unknown else "")
        for number, (age, unknown) in enumerate(found)
    ]
    return Loss(oldest, DAY, NOW, Written(1200, 3 << 20))


@given(shards)
def test_it_is_refused_exactly_where_a_record_is_older_or_a_shard_is_unknown(found):
    loss = loss_of(found)
    gone = any(unknown or (age is not None and age > DAY) for age, unknown in found)
    assert loss.any == gone
    assert bool(loss.refusals("orders")) == gone
    assert all("--allow-data-loss --confirm orders" in refusal.way_out for refusal in loss.refusals("orders"))


@given(shards)
def test_every_shard_is_in_the_answer_and_people_are_told_of_a_few(found):
    loss = loss_of(found)
    told = loss.as_json()["shards"]
    assert len(told) == len(found)
    assert [shard["loses"] for shard in told] == [
        None if unknown else age is not None and age > DAY for age, unknown in found
    ]
    assert len(loss.told()) <= MOST_TOLD + 2


def test_the_worst_shard_is_told_first_and_many_are_summed_up():
    loss = loss_of([(timedelta(hours=30 + number), False) for number in range(12)])
    told = loss.told()
    assert told[0].startswith("shardId-000000000011: would lose what was written from 2026-11-20 07:00 to 2026-11-21")
    assert told[MOST_TOLD] == "and 2 more shards, see -o json"
    assert "the oldest is 41h old" in loss.refusals("orders")[0].reason


def test_an_estimate_is_told_only_where_something_is_lost():
    assert not any("CloudWatch" in line for line in loss_of([(timedelta(hours=1), False)]).told())
    assert "about 1,200 records (3.0MiB)" in loss_of([(2 * DAY, False)]).told()[-1]
