"""``streamops stream retention`` against the AWS stand-in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.stream.live import KEY_SPACE
from cli.stream.oldest_records import OldestRecord


@pytest.fixture
def thirty_hours_later(monkeypatch):
    """What was written just now is 30 hours old to the command."""
    monkeypatch.setattr("cli.stream.retention.now", lambda: datetime.now(UTC) + timedelta(hours=30))


@pytest.fixture
def old_record(orders, thirty_hours_later):  # noqa: ARG001 - the clock
    orders.put(0)
    return orders


def test_without_to_it_shows_how_long_records_are_kept(orders):
    outcome = orders.run("retention", "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.items == [{"name": "orders", "retention": "2d", "declared": "2d", "status": "ACTIVE"}]


def test_a_longer_one_is_mild_and_is_written_into_the_file(orders):
    outcome = orders.run("retention", "--to", "7d", "-y", "--write-back", "-o", "json")
    assert outcome.exit_code == 0
    assert (outcome.answer["status"], outcome.plan["operations"][0]["risk"]) == ("applied", "mild")
    assert orders.summary["RetentionPeriodHours"] == 168
    assert orders.declared["retention"] == "7d"


def test_the_same_one_in_other_words_is_nothing_to_do(orders):
    outcome = orders.run("retention", "--to", "2d", "--write-back", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")
    assert orders.declared["retention"] == "48h"


@pytest.mark.parametrize("wrong", ["12h", "366d", "90m", "2 days"])
def test_what_kinesis_cannot_keep_is_wrong_usage(orders, wrong):
    outcome = orders.run("retention", "--to", wrong)
    assert outcome.exit_code == 2
    assert orders.summary["RetentionPeriodHours"] == 48


def test_a_shorter_one_that_deletes_nothing_is_moderate(orders):
    orders.put(0)
    outcome = orders.run("retention", "--to", "24h", "-y", "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.plan["operations"][0]["risk"] == "moderate"
    assert outcome.plan["operations"][0]["kind"] == "decrease-retention"
    assert orders.summary["RetentionPeriodHours"] == 24


def test_a_shorter_one_that_deletes_records_is_refused_and_names_the_shard(old_record):
    outcome = old_record.run("retention", "--to", "24h", "-y", "--confirm", "orders", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    assert "from 1 of 2 shards" in outcome.answer["errors"][0]["message"]
    assert "--allow-data-loss --confirm orders" in outcome.answer["errors"][0]["way_out"]
    shards = outcome.plan["summary"]["shards"]
    assert [(shard["shard"], shard["loses"]) for shard in shards] == [
        ("shardId-000000000000", True),
        ("shardId-000000000001", False),
    ]
    assert old_record.summary["RetentionPeriodHours"] == 48


def test_allowing_data_loss_needs_the_name_too(old_record):
    outcome = old_record.run("retention", "--to", "24h", "-y", "--allow-data-loss")
    assert (outcome.exit_code, old_record.summary["RetentionPeriodHours"]) == (7, 48)
    outcome = old_record.run("retention", "--to", "24h", "--allow-data-loss", "--confirm", "orders")
    assert (outcome.exit_code, old_record.summary["RetentionPeriodHours"]) == (0, 24)


def test_a_shard_that_cannot_be_read_refuses_as_well(orders, monkeypatch):
    monkeypatch.setattr(
        "cli.stream.oldest_records._read", lambda _, __, shard, ___: OldestRecord(shard, unknown="not allowed")
    )
    outcome = orders.run("retention", "--to", "24h", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert "not known of 2 of 2 shards" in outcome.answer["errors"][0]["message"]
    assert orders.run("retention", "--to", "24h", "--allow-data-loss", "--confirm", "orders").exit_code == 0


def test_records_of_a_closed_shard_count(old_record):
    old_record.kinesis.split_shard(
        StreamName=old_record.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(KEY_SPACE // 4)
    )
    outcome = old_record.run("retention", "--to", "24h", "-y", "-o", "json")
    assert "from 1 of 4 shards" in outcome.answer["errors"][0]["message"]


def test_the_plan_says_what_is_known_of_the_readers_and_what_is_not(old_record):
    old_record.kinesis.register_stream_consumer(StreamARN=old_record.arn, ConsumerName="dashboard")
    old_record.kinesis.register_stream_consumer(StreamARN=old_record.arn, ConsumerName="stopped")
    old_record.measure("SubscribeToShardEvent.MillisBehindLatest", 3000, ConsumerName="dashboard")
    outcome = old_record.run("retention", "--to", "24h", "-n", "-o", "json")
    assert outcome.plan["summary"]["readers"] == {
        "registered_consumers": {"dashboard": 3.0, "stopped": None},
        "iterator_age_seconds": None,
        "routes": [],
    }
    told = "\n".join(outcome.plan["warnings"])
    assert "registered consumer dashboard: at most 3s behind" in told
    assert "registered consumer stopped: not known" in told
    assert "readers by GetRecords: not known" in told
    assert "Kinesis lists no readers that share GetRecords" in told


def test_what_was_written_in_the_lost_time_is_estimated(old_record):
    for metric, value in (("IncomingRecords", 1200), ("IncomingBytes", 3 << 20)):
        old_record.measure(metric, value, timedelta(hours=30))
        old_record.measure(metric, 10 * value, timedelta(hours=2))  # stays
    outcome = old_record.run("retention", "--to", "24h", "-n", "-o", "json")
    assert outcome.plan["summary"]["records_lost_estimate"] == 1200
    assert "about 1,200 records (3.0MiB)" in "\n".join(outcome.plan["warnings"])


def test_the_route_that_reads_the_stream_is_named(project, old_record):
    orders = old_record
    project.write(
        orders.environment,
        streams={"orders": {"mode": "provisioned", "shards": 2, "retention": "48h"}},
        topics={"orders": {"partitions": 1, "replication": 1}},
        routes={"orders-to-kafka": {"from": {"stream": "orders"}, "to": {"topic": "orders"}}},
    )
    outcome = orders.run("retention", "--to", "24h", "-n", "-o", "json")
    assert "route orders-to-kafka of this environment reads it" in outcome.plan["warnings"]


def test_a_saved_plan_that_lost_nothing_is_stale_where_something_would_be_lost(orders, tmp_path, monkeypatch):
    plan = tmp_path / "plan.json"
    orders.put(0)
    assert orders.run("retention", "--to", "24h", "--save", str(plan)).exit_code == 3
    monkeypatch.setattr("cli.stream.retention.now", lambda: datetime.now(UTC) + timedelta(hours=30))
    outcome = orders.project.run("apply", str(plan), "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["errors"][0]["code"] == "stale-plan"
    assert orders.summary["RetentionPeriodHours"] == 48


def test_a_saved_plan_is_carried_out(orders, tmp_path):
    plan = tmp_path / "plan.json"
    assert orders.run("retention", "--to", "7d", "--save", str(plan)).exit_code == 3
    assert json.loads(plan.read_text())["command"] == "stream retention"
    assert orders.project.run("apply", str(plan)).exit_code == 0
    assert orders.summary["RetentionPeriodHours"] == 168


def test_it_waits_until_the_stream_takes_the_change_and_until_it_holds(orders, monkeypatch):
    monkeypatch.setattr("cli.stream.settling.POLL_SECONDS", 0.05)
    orders.update_slowly(0.5)
    orders.kinesis.increase_stream_retention_period(StreamName=orders.stream, RetentionPeriodHours=72)
    outcome = orders.run("retention", "--to", "96h", "-y", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert (orders.summary["RetentionPeriodHours"], orders.summary["StreamStatus"]) == (96, "ACTIVE")


def test_a_stream_that_takes_no_change_now_is_said_in_the_plan(orders):
    orders.update_slowly(600)
    orders.kinesis.increase_stream_retention_period(StreamName=orders.stream, RetentionPeriodHours=72)
    outcome = orders.run("retention", "--to", "96h", "-n", "-o", "json")
    assert "the stream is UPDATING: it takes the change when it is ACTIVE" in outcome.plan["warnings"]


def test_ctrl_c_while_the_stream_takes_no_change_leaves_it_as_it_is(orders, monkeypatch):
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.stream.settling.pause", interrupted)
    orders.update_slowly(600)
    orders.kinesis.increase_stream_retention_period(StreamName=orders.stream, RetentionPeriodHours=72)
    outcome = orders.run("retention", "--to", "96h", "-y", "-o", "json")
    assert outcome.exit_code == 130
    assert "go on with: streamops stream retention" in outcome.answer["errors"][0]["way_out"]
    assert orders.summary["RetentionPeriodHours"] == 72


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("7d", "costs $29.20 a month more (list prices of us-east-1 of "),
        ("8d", "cost unknown: CloudWatch tells nothing"),
    ],
)
def test_the_cost_is_told_with_the_date_of_its_prices(scene_of, to, told):
    scene = scene_of({"mode": "provisioned", "shards": 2}, region="us-east-1", ShardCount=2)
    outcome = scene.run("retention", "--to", to, "-n", "-o", "json")
    assert outcome.plan["warnings"][0].startswith(told)
    assert outcome.plan["summary"]["prices_date"] == "2026-08-01"


def test_a_region_without_prices_says_so(orders):
    outcome = orders.run("retention", "--to", "7d", "-n", "-o", "json")
    assert outcome.plan["warnings"][0] == "cost unknown: no prices for eu-west-1"
    assert outcome.plan["summary"]["monthly_cost_change_usd"] is None
