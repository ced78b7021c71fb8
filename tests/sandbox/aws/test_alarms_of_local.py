"""The alarms of `local.yaml`, deployed into the stand-in and seen through the services' own calls."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from environments import load_environment
from stacks.observability.monitoring import monitorings
from tests.sandbox.aws.properties import compare
from tests.sandbox.aws.stacks import deploy
from tests.stacks.synthesis import Templates

STACK = "local-observability"


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The template as the CDK writes it, for whichever account deploys it."""
    made = Templates([load_environment("local")], tmp_path_factory.mktemp("assembly"))
    return json.dumps({"Resources": made.resources("local", "observability")})


def names(session: boto3.Session, kind: Any) -> set[str]:
    paginator = session.client("cloudwatch").get_paginator("describe_alarms")
    found = list(paginator.paginate(AlarmTypes=[kind]))
    return {str(each["AlarmName"]) for page in found for each in page.get(f"{kind}s", ())}


def test_every_alarm_is_there_with_its_topic_and_its_dashboard(session: boto3.Session, body: str):
    assert deploy(session, STACK, body)["StackStatus"] == "CREATE_COMPLETE"
    assert compare(STACK, session) == []
    watched = monitorings(load_environment("local"))
    alarms = {f"streamops/local/{each.subject}/{alarm.name}" for each in watched for alarm in each.alarms}
    assert names(session, "MetricAlarm") == alarms
    assert names(session, "CompositeAlarm") == {f"streamops/local/{each.subject}" for each in watched if each.critical}
    sns = session.client("sns")
    topics = {each["TopicArn"].rsplit(":", 1)[1]: each["TopicArn"] for each in sns.list_topics()["Topics"]}
    assert set(topics) == {"streamops-local-critical", "streamops-local-warning"}
    (late,) = session.client("cloudwatch").describe_alarms(AlarmNames=["streamops/local/stream/flights/iterator-age"])[
        "MetricAlarms"
    ]
    assert late["AlarmActions"] == [topics["streamops-local-warning"]]
    assert {each["Value"] for each in late["Dimensions"]} == {"local-flights"}
    key = sns.get_topic_attributes(TopicArn=topics["streamops-local-critical"])["Attributes"]["KmsMasterKeyId"]
    assert session.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    shown = session.client("cloudwatch").get_dashboard(DashboardName="streamops-local")["DashboardBody"]
    assert json.loads(shown)["widgets"]


def test_with_the_stack_everything_of_it_goes(session: boto3.Session, body: str):
    deploy(session, STACK, body)
    session.client("cloudformation").delete_stack(StackName=STACK)
    assert names(session, "MetricAlarm") == names(session, "CompositeAlarm") == set()
    assert session.client("sns").list_topics()["Topics"] == []
    assert session.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
