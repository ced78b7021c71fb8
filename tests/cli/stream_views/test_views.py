"""``stream list`` and ``stream describe``: what streams take, and where their shards came from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from cli.stream.live import KEY_SPACE


@pytest.fixture
def environment(project):
    return project.write(
        streams={
            "orders": {
                "mode": "provisioned",
                "shards": 2,
                "shard_metrics": ["IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded"],
            },
            "clicks": {"mode": "on-demand"},
        }
    )


@pytest.fixture
def kinesis(aws, environment):
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=f"{environment}-orders", ShardCount=2)
    kinesis.create_stream(StreamName=f"{environment}-clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.enable_enhanced_monitoring(
        StreamName=f"{environment}-orders",
        ShardLevelMetrics=["IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded"],
    )
    return kinesis


@pytest.fixture
def measured(aws, environment):
    """Gives a function that puts a datapoint of ten minutes ago."""

    def put(stream: str, metric: str, value: float, **dimensions: str) -> None:
        named = {"StreamName": f"{environment}-{stream}", **dimensions}
        aws.client("cloudwatch").put_metric_data(
            Namespace="AWS/Kinesis",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": found} for name, found in named.items()],
                    "Timestamp": datetime.now(UTC) - timedelta(minutes=10),
                    "Value": value,
                }
            ],
        )

    return put


@pytest.mark.usefixtures("kinesis")
def test_list_tells_what_part_of_its_shards_a_stream_uses(project, environment, measured):
    measured("orders", "IncomingBytes", 300 * 2**20)  # 1 MiB a second over five minutes
    measured("orders", "IncomingRecords", 300)
    measured("orders", "GetRecords.Bytes", 300 * 2**21)
    measured("clicks", "IncomingBytes", 300 * 2**20)
    items = {item["name"]: item for item in project.run("stream", "list", "-e", environment, "-o", "json").items}
    assert (items["orders"]["write_share"], items["orders"]["read_share"]) == (0.5, 0.5)
    assert items["orders"]["throughput"]["write_records_per_second"] == 1
    assert items["orders"]["limits"]["write_records_per_second"] == 2000
    assert items["clicks"]["throughput"]["write_bytes_per_second"] == 2**20
    assert items["clicks"]["limits"] is items["clicks"]["write_share"] is None
    assert "50%" in project.run("stream", "list", "-e", environment).stdout


@pytest.mark.usefixtures("kinesis")
def test_what_nobody_measured_is_not_known_rather_than_zero(project, environment):
    item = project.run("stream", "describe", "orders", "-e", environment, "-o", "json").items[0]
    assert item["throughput"] is item["write_share"] is None
    assert item["shards"][0]["peak"] is None
    assert "not known; 2.0 MiB/s at most" in project.run("stream", "describe", "orders", "-e", environment).stdout


@pytest.mark.usefixtures("kinesis")
def test_a_service_that_may_not_be_asked_hides_nothing_else(project, environment, monkeypatch):
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")

    monkeypatch.setattr("cli.stream.throughput.read_metrics", refuse)
    outcome = project.run("stream", "list", "-e", environment, "-o", "json")
    assert outcome.exit_code == 0
    assert [item["status"] for item in outcome.items] == ["ACTIVE", "ACTIVE"]
    assert "what the streams take is not known" in outcome.stderr


@pytest.mark.usefixtures("kinesis")
def test_describe_tells_the_load_of_each_shard(project, environment, measured):
    shard = "shardId-000000000001"
    measured("orders", "IncomingBytes", 30 * 2**20, ShardId=shard)  # in one minute: half a MiB a second
    measured("orders", "IncomingRecords", 60, ShardId=shard)
    measured("orders", "WriteProvisionedThroughputExceeded", 7, ShardId=shard)
    item = project.run("stream", "describe", "orders", "-e", environment, "-o", "json").items[0]
    loads = {entry["shard"]: entry for entry in item["shards"]}
    assert loads[shard]["peak"]["share_of_limit"] == 0.5
    assert loads[shard]["throttled"] == 7
    assert loads["shardId-000000000000"]["peak"]["share_of_limit"] == 0


def test_the_tree_shows_closed_shards_above_their_children(project, environment, kinesis):
    kinesis.split_shard(
        StreamName=f"{environment}-orders",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(KEY_SPACE // 4),
    )
    lines = project.run("stream", "describe", "orders", "--tree", "-e", environment).stdout.splitlines()
    drawn = [line.split("  ")[0] for line in lines if "shardId" in line]
    assert drawn == [
        "shardId-000000000000",
        "├─ shardId-000000000002",
        "└─ shardId-000000000003",
        "shardId-000000000001",
    ]
    assert sum("closed" in line and "shardId" in line for line in lines) == 1
