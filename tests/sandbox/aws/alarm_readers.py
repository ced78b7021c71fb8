"""Readers of what tells of trouble: alarms, dashboards and the topics that alarms go to."""

from __future__ import annotations

import json

import boto3

from tests.sandbox.aws.readers import Properties, reads


@reads("AWS::SNS::Topic")
def topic(session: boto3.Session, arn: str, _: Properties) -> Properties:
    sns = session.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {**attributes, "TopicName": arn.rpartition(":")[2], "Tags": tags}


@reads("AWS::SNS::TopicPolicy")
def topic_policy(session: boto3.Session, _: str, expected: Properties) -> Properties:
    sns = session.client("sns")
    found = [sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"] for arn in expected["Topics"]]
    assert len(set(found)) == 1
    return {"Topics": expected["Topics"], "PolicyDocument": json.loads(found[0])}


@reads("AWS::CloudWatch::Alarm")
def alarm(session: boto3.Session, name: str, _: Properties) -> Properties:
    (found,) = session.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])[
        "MetricAlarms"
    ]
    return {**found, "Tags": _tags(session, found["AlarmArn"])}


@reads("AWS::CloudWatch::CompositeAlarm")
def composite_alarm(session: boto3.Session, name: str, _: Properties) -> Properties:
    (found,) = session.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    return {**found, "Tags": _tags(session, found["AlarmArn"])}


@reads("AWS::CloudWatch::Dashboard")
def dashboard(session: boto3.Session, name: str, expected: Properties) -> Properties:
    # moto tags alarms alone.
    tags = {"Tags": expected["Tags"]} if "Tags" in expected else {}
    return {**session.client("cloudwatch").get_dashboard(DashboardName=name), **tags}


def _tags(session: boto3.Session, arn: str) -> list[dict[str, str]]:
    found = session.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in found]
