"""``streamops stream hot-shards``, from metrics and from records."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.cli.load.conftest import quick_sample

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
MIB_A_MINUTE = 60 << 20
METRICS = ["IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded"]


@pytest.fixture
def watched(stream):
    stream.kinesis.enable_enhanced_monitoring(StreamName=stream.name, ShardLevelMetrics=METRICS)
    return stream


def test_the_metrics_of_shards_tell_their_load(project, watched):
    watched.measure(FIRST, "IncomingBytes", MIB_A_MINUTE * 0.9, MIB_A_MINUTE * 0.3)
    watched.measure(FIRST, "IncomingRecords", 6000, 6000)
    watched.measure(FIRST, "WriteProvisionedThroughputExceeded", 12, 0)
    watched.measure(SECOND, "IncomingBytes", MIB_A_MINUTE * 0.1)
    watched.measure(SECOND, "IncomingRecords", 60 * 500)
    outcome = project.run("stream", "hot-shards", "orders", "-e", watched.environment, "-o", "json")
    assert outcome.exit_code == 0
    assert (outcome.answer["source"], outcome.answer["seconds"]) == ("metrics", 3600)
    hot, cool = outcome.items
    assert (hot["shard"], hot["hot"], hot["throttled"]) == (FIRST, True, 12)
    assert hot["peak"]["share_of_limit"] == pytest.approx(0.9)
    assert hot["average"]["bytes_per_second"] == pytest.approx(1.2 * (1 << 20) / 60, rel=1e-3)
    assert hot["peak"]["records_per_second"] == 100
    # The records are nearer to their limit than the bytes.
    assert (cool["shard"], cool["hot"], cool["peak"]["share_of_limit"]) == (SECOND, False, 0.5)


def test_it_ends_with_the_reshard_that_would_help(project, watched):
    for metric, hot, cool in (("IncomingBytes", MIB_A_MINUTE * 0.95, MIB_A_MINUTE * 0.05), ("IncomingRecords", 60, 60)):
        watched.measure(FIRST, metric, hot)
        watched.measure(SECOND, metric, cool)
    outcome = project.run("stream", "hot-shards", "orders", "-e", watched.environment)
    assert "from 95% to" in outcome.stdout
    assert f"\n    streamops stream reshard orders --hot -e {watched.environment}\n" in outcome.stdout
    assert outcome.stdout.endswith(f"    streamops stream hot-keys orders -e {watched.environment}\n")


def test_more_shards_are_advised_where_these_are_too_few(project, watched):
    for shard in (FIRST, SECOND):
        watched.measure(shard, "IncomingBytes", MIB_A_MINUTE)
        watched.measure(shard, "IncomingRecords", 60)
    outcome = project.run("stream", "hot-shards", "orders", "-e", watched.environment)
    assert "streamops stream reshard orders --hot --to 3 -e" in outcome.stdout


def test_a_stream_that_is_not_hot_needs_nothing(project, watched):
    for shard in (FIRST, SECOND):
        watched.measure(shard, "IncomingBytes", MIB_A_MINUTE * 0.3)
        watched.measure(shard, "IncomingRecords", 60)
    outcome = project.run("stream", "hot-shards", "orders", "-e", watched.environment)
    assert "no shard is hot: the fullest had 30% of its limit in its busiest minute" in outcome.stdout
    assert "reshard orders" not in outcome.stdout


def test_metrics_older_than_asked_do_not_count(project, watched):
    watched.measure(FIRST, "IncomingBytes", MIB_A_MINUTE, minutes_ago=90)
    watched.measure(FIRST, "IncomingRecords", 60, minutes_ago=90)
    since = ("stream", "hot-shards", "orders", "-e", watched.environment, "-o", "json", "--since")
    assert project.run(*since, "2h").items[0]["hot"]
    assert project.run(*since, "1h").answer["source"] == "sample"


def test_without_metrics_records_are_read_and_the_way_to_metrics_is_told(project, stream):
    stream.put("hot", b"x" * 1000, times=100)
    outcome = project.run("stream", "hot-shards", "orders", "-e", stream.environment, "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.answer["source"] == "sample"
    assert "shard_metrics: [IncomingBytes, IncomingRecords]" in outcome.stderr


def test_an_on_demand_stream_is_resharded_by_kinesis_alone(project, stream):
    name = f"{stream.environment}-clicks"
    stream.kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    stream.kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=METRICS)
    clicks = type(stream)(stream.environment, stream.kinesis, stream.cloudwatch, short="clicks")
    clicks.measure(FIRST, "IncomingBytes", MIB_A_MINUTE)
    clicks.measure(FIRST, "IncomingRecords", 60)
    outcome = project.run("stream", "hot-shards", "clicks", "-e", stream.environment)
    assert "nobody can reshard an on-demand stream but Kinesis" in outcome.stdout
    assert "stream reshard" not in outcome.stdout


@pytest.mark.parametrize("since", ["10s", "16d"])
def test_what_cloudwatch_does_not_keep_is_wrong_usage(project, stream, since):
    outcome = project.run("stream", "hot-shards", "orders", "-e", stream.environment, "--since", since)
    assert outcome.exit_code == 2
    assert "from 1m to 15d" in outcome.stderr


def test_records_are_read_where_cloudwatch_may_not_be_asked(project, watched, monkeypatch):
    def refused(*_: object):
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "no cloudwatch:GetMetricData"}}, "GetMetricData"
        )

    monkeypatch.setattr("cli.stream.load.metrics.read_metrics", refused)
    monkeypatch.setattr("cli.stream.load.measure.take_sample", quick_sample)
    watched.put("key", b"x", times=10)
    outcome = project.run("stream", "hot-shards", "orders", "-e", watched.environment, "-o", "json")
    assert (outcome.exit_code, outcome.answer["source"]) == (0, "sample")
    assert "CloudWatch cannot be asked" in outcome.stderr


def test_new_shards_have_what_the_closed_ones_took_by_width(project, watched):
    watched.measure(FIRST, "IncomingBytes", MIB_A_MINUTE * 0.8)
    watched.measure(FIRST, "IncomingRecords", 60)
    cut = (1 << 127) // 4
    watched.kinesis.split_shard(StreamName=watched.name, ShardToSplit=FIRST, NewStartingHashKey=str(cut))
    watched.until_active()
    watched.measure("shardId-000000000002", "IncomingBytes", MIB_A_MINUTE * 0.5, minutes_ago=1)
    watched.measure("shardId-000000000002", "IncomingRecords", 60, minutes_ago=1)
    items = project.run("stream", "hot-shards", "orders", "-e", watched.environment, "-o", "json").items
    peaks = {item["shard"][-1]: item["peak"]["share_of_limit"] for item in items}
    # The narrow child by its own minute, which is more than a quarter of its parent's; the wide one by its parent's.
    assert peaks == {"1": 0, "2": pytest.approx(0.5), "3": pytest.approx(0.6)}
    total = sum(item["average"]["bytes_per_second"] for item in items)
    assert total == pytest.approx(1.3 * MIB_A_MINUTE / 3600, rel=1e-3)
