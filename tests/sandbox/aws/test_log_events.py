"""Lines in CloudWatch Logs: found by the beginning of their stream's name, and read for the metrics in them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from connector.metrics.emf import lines
from sandbox.aws.log_events import embedded_metrics


@pytest.fixture
def logs(session: boto3.Session) -> Any:
    client: Any = session.client("logs")
    client.create_log_group(logGroupName="g")
    for number, stream in enumerate(("r/connector/b", "r/connector/a", "r/collector/a")):
        client.create_log_stream(logGroupName="g", logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000) - 1000 * number, "message": f"of {stream}"}
        client.put_log_events(logGroupName="g", logStreamName=stream, logEvents=[event])
    return client


def found(logs: Any, **named: Any) -> list[str]:
    return [event["logStreamName"] for event in logs.filter_log_events(logGroupName="g", **named)["events"]]


def test_streams_are_chosen_by_the_beginning_of_their_names_in_order_of_time(logs):
    assert found(logs) == ["r/collector/a", "r/connector/a", "r/connector/b"]
    assert found(logs, logStreamNamePrefix="r/connector/") == ["r/connector/a", "r/connector/b"]
    assert found(logs, logStreamNamePrefix="r/connector/b") == ["r/connector/b"]
    assert found(logs, logStreamNamePrefix="nobody") == []


def test_names_and_their_beginning_do_not_go_together(logs):
    with pytest.raises(ClientError, match="InvalidParameterException"):
        found(logs, logStreamNamePrefix="r", logStreamNames=["r/connector/a"])


def test_what_the_connector_writes_becomes_metrics(session, logs):
    now = datetime.now(UTC)
    (line,) = lines("orders", "streamops/dev", {"records_consumed": {(): 12.0}}, {}, now.timestamp())
    event = {"timestamp": int(time.time() * 1000), "message": line}
    logs.put_log_events(logGroupName="g", logStreamName="r/connector/a", logEvents=[event])
    answer = session.client("cloudwatch").get_metric_statistics(
        Namespace="streamops/dev",
        MetricName="records_consumed",
        Dimensions=[{"Name": "Route", "Value": "orders"}],
        StartTime=now - timedelta(minutes=2),
        EndTime=now + timedelta(minutes=2),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in answer["Datapoints"]] == [12.0]


def test_lines_without_metrics_have_none():
    broken = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["Route"]]}]}}
    for line in ("", "text", "{", "[]", json.dumps({"message": "_aws"}), json.dumps(broken), json.dumps({"_aws": 1})):
        assert list(embedded_metrics(line)) == []
