"""``stream reshard --auto``: one look at the load of a live stream, one decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.aws import Aws
from cli.stream.autoscaling.evidence import changed_within
from cli.stream.live import read_stream
from environments import load_environment

AUTOSCALE = {"min": 2, "max": 8, "up": {"window": "3m"}, "down": {"window": "10m", "cooldown": "1m"}}
LOADED = 60 * 2**20
"""Bytes of a minute that fill one shard."""


@pytest.fixture
def environment(project):
    return project.write(
        streams={
            "orders": {"mode": "provisioned", "shards": 4, "autoscale": AUTOSCALE},
            "plain": {"mode": "provisioned", "shards": 4},
        }
    )


@pytest.fixture
def kinesis(aws, environment):
    kinesis = aws.client("kinesis")
    for name in ("orders", "plain"):
        kinesis.create_stream(StreamName=f"{environment}-{name}", ShardCount=4)
    return kinesis


@pytest.fixture
def old(monkeypatch):
    """Streams of the stand-in are as young as the test; let their age not hold anything."""
    monkeypatch.setattr("cli.stream.autoscaling.evidence.changed_within", lambda *_: False)


@pytest.fixture
def minutes(aws, environment):
    """Gives a function that puts a datapoint into each of the last minutes."""

    def put(metric: str, value: float, count: int = 12) -> None:
        now = datetime.now(UTC)
        aws.client("cloudwatch").put_metric_data(
            Namespace="AWS/Kinesis",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "StreamName", "Value": f"{environment}-orders"}],
                    "Timestamp": now - timedelta(minutes=ago),
                    "Value": value,
                }
                for ago in range(count)
            ],
        )

    return put


def open_shards(kinesis, environment) -> int:
    summary = kinesis.describe_stream_summary(StreamName=f"{environment}-orders")["StreamDescriptionSummary"]
    return int(summary["OpenShardCount"])


@pytest.mark.usefixtures("old")
def test_a_load_that_lasts_adds_shards(project, environment, kinesis, minutes):
    minutes("IncomingBytes", 3.5 * LOADED)
    minutes("IncomingRecords", 60)
    arguments = ("stream", "reshard", "orders", "--auto", "-e", environment, "-o", "json")
    planned = project.run(*arguments, "-n")
    assert planned.exit_code == 3
    assert planned.plan["summary"]["shards_after"] == 7
    assert "the load was above 75% for 3m" in "".join(planned.plan["warnings"])
    assert project.run(*arguments, "-y").exit_code == 0
    assert open_shards(kinesis, environment) == 7
    again = project.run(*arguments, "-y")
    assert (again.exit_code, again.answer["status"]) == (0, "none")


@pytest.mark.usefixtures("old")
def test_a_low_load_takes_shards_away_unless_readers_say_nothing(project, environment, kinesis, minutes):
    minutes("IncomingBytes", 0.2 * LOADED)
    minutes("IncomingRecords", 60)
    arguments = ("stream", "reshard", "orders", "--auto", "-e", environment, "-o", "json", "-y")
    held = project.run(*arguments)
    assert (held.exit_code, held.answer["status"]) == (0, "none")
    assert "how far readers are behind is not known" in "".join(held.plan["warnings"])
    minutes("GetRecords.IteratorAgeMilliseconds", 1000)
    assert project.run(*arguments).exit_code == 0
    assert open_shards(kinesis, environment) == 2


@pytest.mark.usefixtures("kinesis")
def test_nothing_measured_is_nothing_to_do(project, environment):
    outcome = project.run("stream", "reshard", "orders", "--auto", "-e", environment, "-n")
    assert outcome.exit_code == 0
    assert "nothing was measured" in outcome.stdout + outcome.stderr


@pytest.mark.usefixtures("kinesis")
def test_by_hand_the_policy_stands_in_the_way(project, environment):
    outcome = project.run("stream", "reshard", "orders", "--to", "6", "-e", environment, "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert "--allow autoscaling" in outcome.stderr


@pytest.mark.usefixtures("kinesis")
def test_a_stream_without_a_policy_says_what_to_add(project, environment):
    outcome = project.run("stream", "reshard", "plain", "--auto", "-e", environment, "-n")
    assert outcome.exit_code == 1
    assert "add autoscale:" in outcome.stderr


@pytest.mark.parametrize("other", ["--to=3", "--factor=2", "--by=50%", "--even", "--hot", "--min=2", "--max=9"])
def test_auto_takes_its_numbers_from_the_yaml_alone(project, environment, other):
    outcome = project.run("stream", "reshard", "orders", "--auto", other, "-e", environment, "-n")
    assert outcome.exit_code == 2
    assert other.partition("=")[0] in outcome.stderr


def test_a_change_of_the_shards_is_seen_in_their_list(project, environment, kinesis):
    aws = Aws(load_environment(project.folder / f"{environment}.yaml"))
    kinesis.update_shard_count(StreamName=f"{environment}-orders", TargetShardCount=8, ScalingType="UNIFORM_SCALING")
    live = read_stream(aws, "orders")
    assert changed_within(aws, live, timedelta(hours=1)), "the stream is young"
    assert changed_within(aws, replace(live, created=None), timedelta(hours=1))
    plain = replace(read_stream(aws, "plain"), created=None)
    assert not changed_within(aws, plain, timedelta(hours=1))
