"""Alarms and dashboards that a template makes, seen through CloudWatch's own calls."""

from __future__ import annotations

import json
from typing import Any

import boto3

from tests.sandbox.aws.stacks import Template, deploy, failures, template

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"
SIMPLE: dict[str, Any] = {
    "AlarmName": "streamops/test/stream/orders/late",
    "AlarmDescription": "Records are late. Runbook: docs/runbooks/stream-late.md",
    "ActionsEnabled": True,
    "AlarmActions": [TOPIC],
    "OKActions": [TOPIC],
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 15,
    "DatapointsToAlarm": 12,
    "TreatMissingData": "breaching",
    "Namespace": "AWS/Kinesis",
    "MetricName": "GetRecords.IteratorAgeMilliseconds",
    "Dimensions": [{"Name": "StreamName", "Value": "test-orders"}],
    "Statistic": "Maximum",
    "Period": 60,
    "Threshold": 300000,
}
MATH: dict[str, Any] = {
    **{key: SIMPLE[key] for key in ("AlarmActions", "ComparisonOperator", "EvaluationPeriods", "TreatMissingData")},
    "AlarmName": "streamops/test/stream/orders/failed",
    "Threshold": 1,
    "Metrics": [
        {"Id": "result", "Expression": "100 * failed", "ReturnData": True},
        {
            "Id": "failed",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Kinesis",
                    "MetricName": "PutRecords.FailedRecords",
                    "Dimensions": [{"Name": "StreamName", "Value": "test-orders"}],
                },
                "Stat": "Sum",
                "Period": 60,
            },
        },
    ],
}
PAGE: dict[str, Any] = {
    "AlarmName": "streamops/test/stream/orders",
    "AlarmRule": 'ALARM("streamops/test/stream/orders/late") OR ALARM("streamops/test/stream/orders/failed")',
    "AlarmActions": [TOPIC],
}


def alarm(properties: dict[str, Any], **changed: Any) -> Template:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**properties, **changed}}


def page(*after: str, **changed: Any) -> Template:
    return {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {**PAGE, **changed},
        "DependsOn": list(after),
    }


def described(session: boto3.Session) -> dict[str, dict[str, Any]]:
    found = session.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {str(each["AlarmName"]): dict(each) for each in [*found["MetricAlarms"], *found["CompositeAlarms"]]}


def test_an_alarm_keeps_every_property(session: boto3.Session):
    deploy(session, "alarms", template(Late=alarm(SIMPLE)))
    late = described(session)[SIMPLE["AlarmName"]]
    assert {key: late[key] for key in SIMPLE} == SIMPLE


def test_a_changed_threshold_changes_the_alarm_in_place(session: boto3.Session):
    deploy(session, "alarms", template(Late=alarm(SIMPLE)))
    deploy(session, "alarms", template(Late=alarm(SIMPLE, Threshold=5)))
    assert {name: each["Threshold"] for name, each in described(session).items()} == {SIMPLE["AlarmName"]: 5}


def test_an_alarm_on_alarms_and_one_on_an_expression(session: boto3.Session):
    deploy(session, "alarms", template(Late=alarm(SIMPLE), Failed=alarm(MATH), Page=page("Late", "Failed")))
    found = described(session)
    assert found[PAGE["AlarmName"]]["AlarmRule"] == PAGE["AlarmRule"]
    assert found[PAGE["AlarmName"]]["AlarmActions"] == [TOPIC]
    queries = found[MATH["AlarmName"]]["Metrics"]
    assert {each["Id"]: each.get("Expression") for each in queries} == {"result": "100 * failed", "failed": None}


def test_an_alarm_on_alarms_that_are_not_there_is_refused(session: boto3.Session):
    stack = deploy(session, "alarms", template(Late=alarm(SIMPLE), Page=page("Late")))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "streamops/test/stream/orders/failed" in failures(session, stack["StackId"])["Page"]
    assert described(session) == {}


def test_what_leaves_the_template_is_deleted(session: boto3.Session):
    body = json.dumps({"widgets": []})
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardName": "test", "DashboardBody": body}}
    deploy(
        session, "alarms", template(Late=alarm(SIMPLE), Failed=alarm(MATH), Page=page("Late", "Failed"), D=dashboard)
    )
    cloudwatch = session.client("cloudwatch")
    assert cloudwatch.get_dashboard(DashboardName="test")["DashboardBody"] == body
    session.client("cloudformation").delete_stack(StackName="alarms")
    assert described(session) == {}
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
