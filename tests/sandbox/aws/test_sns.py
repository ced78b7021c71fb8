"""Topics that a template makes, seen through SNS's own calls."""

from __future__ import annotations

import json
from typing import Any

import boto3

from tests.sandbox.aws.stacks import Template, deploy, template

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sns:Publish",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Resource": {"Ref": "T"},
        }
    ],
}


def topic(**properties: object) -> Template:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarms", **properties}}


def alarmed(**properties: object) -> str:
    return template(
        T=topic(KmsMasterKeyId="alias/alarms", **properties),
        P={"Type": "AWS::SNS::TopicPolicy", "Properties": {"PolicyDocument": POLICY, "Topics": [{"Ref": "T"}]}},
        S={
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "T"}, "Protocol": "email", "Endpoint": "team@example.com"},
        },
    )


def test_a_topic_keeps_its_key_its_policy_and_who_subscribed(session: boto3.Session):
    deploy(session, "topics", alarmed(DisplayName="before"))
    sns = session.client("sns")
    (arn,) = (each["TopicArn"] for each in sns.list_topics()["Topics"])
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["KmsMasterKeyId"] == "alias/alarms"
    assert json.loads(attributes["Policy"])["Statement"] == [{**POLICY["Statement"][0], "Resource": arn}]
    assert [each["Endpoint"] for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]] == [
        "team@example.com"
    ]


def test_a_changed_attribute_changes_the_topic_in_place_and_nobody_is_unsubscribed(session: boto3.Session):
    deploy(session, "topics", alarmed(DisplayName="before"))
    deploy(session, "topics", alarmed(DisplayName="after", Tags=[{"Key": "team", "Value": "data"}]))
    sns = session.client("sns")
    (arn,) = (each["TopicArn"] for each in sns.list_topics()["Topics"])
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "after"
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "data"}]
    assert len(sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]) == 1


def test_what_leaves_the_template_is_deleted(session: boto3.Session):
    deploy(session, "topics", alarmed())
    session.client("cloudformation").delete_stack(StackName="topics")
    assert session.client("sns").list_topics()["Topics"] == []
    assert session.client("sns").list_subscriptions()["Subscriptions"] == []
