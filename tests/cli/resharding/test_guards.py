"""What refuses a reshard, what overrides it, and what is said where something is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.resharding.conftest import CHANGING, Answered, Refused, even

pytestmark = pytest.mark.usefixtures("quick")

REFUSED = 7


@pytest.fixture
def reshard(project, streams):
    def run(*arguments: str):
        return project.run("stream", "reshard", "orders", "-e", streams.environment, "-y", "-o", "json", *arguments)

    return run


@pytest.fixture
def lag(aws, streams):
    """Readers of the stream are that many minutes behind."""

    def behind(minutes: float) -> None:
        datum = {
            "MetricName": "GetRecords.IteratorAgeMilliseconds",
            "Dimensions": [{"Name": "StreamName", "Value": streams.physical()}],
            "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
            "Value": minutes * 60_000,
        }
        aws.client("cloudwatch").put_metric_data(Namespace="AWS/Kinesis", MetricData=[datum])

    return behind


def test_more_shards_at_the_peak_than_the_account_may_have_are_refused(reshard, streams, faults):
    faults.on("DescribeLimits", *[Answered({"ShardLimit": 100, "OpenShardCount": 98})] * 2)
    outcome = reshard("--to", "6", "--strategy", "split-merge")
    assert (outcome.exit_code, outcome.answer["status"]) == (REFUSED, "blocked")
    assert "at the peak 3 more shards are open than now, and the account has room for 2" in outcome.stderr
    assert faults.count(*CHANGING) == 0
    assert reshard("--to", "5", "--strategy", "split-merge").exit_code == 0, "which needs two more at the peak"
    assert streams.map() == even(5)


def test_an_unknown_quota_is_said_and_not_taken_for_none(reshard, faults):
    faults.on("DescribeLimits", Refused("AccessDeniedException", "no DescribeLimits"))
    outcome = reshard("--to", "5", "-n")
    assert outcome.exit_code == 3
    assert any("no DescribeLimits" in text for text in outcome.plan["warnings"])


def use_up(kinesis, name: str) -> None:
    for count in (5, 4) * 5:
        kinesis.update_shard_count(StreamName=name, TargetShardCount=count, ScalingType="UNIFORM_SCALING")


def test_the_daily_budget_refuses_an_update_and_says_when_the_next_one_is_free(reshard, streams, kinesis):
    use_up(kinesis, streams.physical())
    outcome = reshard("--to", "8", "--strategy", "update-shard-count")
    assert outcome.exit_code == REFUSED
    assert "was updated 10 times in the last 24 hours, this needs 1 more" in outcome.stderr
    assert "wait until 20" in outcome.stderr
    assert "--strategy split-merge" in outcome.stderr


def test_without_budget_auto_splits_and_merges(reshard, streams, kinesis):
    use_up(kinesis, streams.physical())
    outcome = reshard("--to", "12")
    assert outcome.exit_code == 0
    assert outcome.plan["summary"]["updates"] == 0
    assert streams.map() == even(12)


def test_an_unknown_budget_is_said(reshard, faults):
    faults.on("LookupEvents", Refused("AccessDeniedException", "no LookupEvents"))
    outcome = reshard("--to", "8", "--strategy", "update-shard-count", "-n")
    assert any("in the last 24 hours is not known" in text for text in outcome.plan["warnings"])


def test_an_on_demand_stream_is_refused_with_the_command_for_its_mode(project, kinesis):
    environment = project.write(streams={"orders": {"mode": "provisioned", "shards": 4}})
    kinesis.create_stream(StreamName=f"{environment}-orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    outcome = project.run("stream", "reshard", "orders", "-e", environment, "--to", "8", "-y")
    assert outcome.exit_code == REFUSED
    assert "stream mode orders provisioned" in outcome.stderr


def test_another_operation_is_waited_for_a_while_and_then_refused(reshard, streams, monkeypatch):
    monkeypatch.setattr("cli.stream.resharding.prepared.PATIENCE_SECONDS", 0.2)
    streams.take_time(60)
    streams.split(7)
    outcome = reshard("--to", "8")
    assert outcome.exit_code == REFUSED
    assert "orders is UPDATING; waiting" in outcome.stderr
    assert "another operation is under way" in outcome.stderr


def test_without_waiting_another_operation_refuses_at_once(reshard, streams):
    streams.take_time(60)
    streams.split(7)
    outcome = reshard("--to", "8", "--no-wait")
    assert outcome.exit_code == REFUSED
    assert "waiting" not in outcome.stderr


def scalable_target(aws, streams) -> None:
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="custom-resource",
        ResourceId=f"https://example.execute-api.eu-west-1.amazonaws.com/prod/scalableTargetDimensions/{streams.physical()}",
        ScalableDimension="custom-resource:ResourceType:Property",
        MinCapacity=1,
        MaxCapacity=8,
    )


def alarm_that_scales(aws, streams, action: str = "arn:aws:lambda:eu-west-1:123456789012:function:scale") -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{streams.physical()}-up",
        Namespace="AWS/Kinesis",
        MetricName="IncomingBytes",
        Dimensions=[{"Name": "StreamName", "Value": streams.physical()}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[action],
    )


@pytest.mark.parametrize("scaler", [scalable_target, alarm_that_scales])
def test_what_scales_the_stream_refuses_until_it_is_allowed(reshard, aws, streams, scaler):
    scaler(aws, streams)
    outcome = reshard("--to", "8", "--strategy", "split-merge")
    assert outcome.exit_code == REFUSED
    assert "--allow autoscaling" in outcome.stderr
    assert reshard("--to", "8", "--strategy", "split-merge", "--allow", "autoscaling").exit_code == 0
    assert streams.map() == even(8)


def test_an_alarm_that_tells_people_is_no_autoscaling(reshard, aws, streams):
    alarm_that_scales(aws, streams, "arn:aws:sns:eu-west-1:123456789012:alarms")
    assert reshard("--to", "8", "-n").exit_code == 3


@pytest.mark.parametrize("strategy", ["split-merge", "update-shard-count"])
def test_merges_are_refused_while_readers_are_behind(reshard, streams, lag, strategy):
    lag(42)
    outcome = reshard("--to", "2", "--strategy", strategy)
    assert outcome.exit_code == REFUSED
    assert "42m behind" in outcome.stderr
    assert "--allow lag" in outcome.stderr
    assert reshard("--to", "2", "--strategy", strategy, "--allow", "lag").exit_code == 0
    assert streams.map() == even(2)


def test_splits_alone_go_on_while_readers_are_behind(reshard, streams, lag):
    lag(42)
    assert reshard("--to", "8", "--strategy", "split-merge").exit_code == 0
    assert streams.map() == even(8)


def test_fewer_shards_than_what_is_written_needs_are_refused(reshard, aws, streams):
    at = datetime.now(UTC) - timedelta(minutes=5)
    stream = [{"Name": "StreamName", "Value": streams.physical()}]
    counted = {"IncomingBytes": 60 * 1000, "IncomingRecords": 60 * 2500}
    data = [
        {"MetricName": name, "Dimensions": stream, "Timestamp": at, "Value": count} for name, count in counted.items()
    ]
    aws.client("cloudwatch").put_metric_data(Namespace="AWS/Kinesis", MetricData=data)
    outcome = reshard("--to", "2")
    assert outcome.exit_code == REFUSED
    assert "0.0 MiB and 2,500 records a second, as much as 3 shards take; 2 would throttle" in outcome.stderr
    assert reshard("--to", "2", "--allow", "load", "-n").exit_code == 3
    assert reshard("--to", "3", "-n").exit_code == 3
    assert reshard("--to", "8", "-n").exit_code == 3


def test_a_load_of_which_nothing_is_known_is_said_before_shards_are_taken_away(reshard):
    def said(count: str) -> bool:
        return any("whether 2 shards are enough" in text for text in reshard("--to", count, "-n").plan["warnings"])

    assert said("2")
    assert not said("8")


def test_readers_that_are_near_the_end_do_not_hold_merges_back(reshard, lag):
    lag(0.5)
    outcome = reshard("--to", "2")
    assert outcome.exit_code == 0
    assert not any("iterator age" in text for text in outcome.plan["warnings"])


def test_readers_of_whom_nothing_is_known_are_said_before_merges(reshard):
    assert any("no reader has told its iterator age" in text for text in reshard("--to", "2", "-n").plan["warnings"])
