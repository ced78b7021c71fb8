"""What a scheduled task may do is what ``stream reshard --auto`` calls: nothing is missing, nothing is never called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.client import BaseClient

from environments.autoscaler_permissions import OF_A_STREAM, OF_THE_ACCOUNT

AUTOSCALE = {"min": 2, "max": 8, "up": {"window": "3m"}, "down": {"window": "10m", "cooldown": "1m"}}
UNCONDITIONAL = {"sts:GetCallerIdentity"}
"""Takes no permission."""


@pytest.fixture
def called(monkeypatch):
    """The actions that are called, as IAM names them; boto3 names all of these services as IAM does."""
    actions = set()
    call = vars(BaseClient)["_make_api_call"]

    def recorded(self, operation, arguments):
        actions.add(f"{self.meta.service_model.service_name}:{operation}")
        return call(self, operation, arguments)

    def begin():
        monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
        return actions

    return begin


RESHARDING = {
    "split-merge": {"kinesis:SplitShard", "kinesis:MergeShards"},
    "update-shard-count": {"kinesis:UpdateShardCount"},
}


@pytest.mark.parametrize("strategy", RESHARDING)
def test_all_that_is_called_is_allowed_and_all_that_is_allowed_is_called(project, aws, monkeypatch, called, strategy):
    monkeypatch.setattr("cli.stream.autoscaling.evidence.changed_within", lambda *_: False)
    environment = project.write(streams={"orders": {"mode": "provisioned", "shards": 4, "autoscale": AUTOSCALE}})
    kinesis, stream = aws.client("kinesis"), f"{environment}-orders"
    kinesis.create_stream(StreamName=stream, ShardCount=4)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    now = datetime.now(UTC)
    aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/Kinesis",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "StreamName", "Value": stream}],
                "Timestamp": now - timedelta(minutes=ago),
                "Value": value,
            }
            for metric, value in (("IncomingBytes", 3.5 * 60 * 2**20), ("IncomingRecords", 60))
            for ago in range(12)
        ],
    )
    actions = called()
    arguments = ("stream", "reshard", "orders", "--auto", "--strategy", strategy, "-e", environment, "-o", "json")
    outcome = project.run(*arguments, "-y")
    assert outcome.exit_code == 0, outcome.stderr
    other = set().union(*RESHARDING.values()) - RESHARDING[strategy]
    assert actions - UNCONDITIONAL == {*OF_A_STREAM, *OF_THE_ACCOUNT} - other
