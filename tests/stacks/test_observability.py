"""The stack of alarms and dashboard, as CloudFormation gets it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from environments import Environment
from environments.naming import alarm_name
from stacks.observability.dashboard import dashboard_bodies
from stacks.observability.monitoring import monitorings
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import OWN_KEY, PROJECT, SILENT, Templates
from tests.stacks.variants import VARIANTS
from tests.stacks.watched import DELIVERIES, EVERYTHING, alarms

STACK = "observability"
GIVEN = "arn:aws:sns:eu-west-1:111122223333:team"


def metric_alarms(templates: Templates, environment: str) -> dict[str, dict[str, Any]]:
    return {each["AlarmName"]: each for each in templates.properties(environment, STACK, "CloudWatch::Alarm")}


def pages(templates: Templates, environment: str) -> dict[str, dict[str, Any]]:
    return {each["AlarmName"]: each for each in templates.properties(environment, STACK, "CloudWatch::CompositeAlarm")}


def topics(templates: Templates, environment: str) -> dict[str, dict[str, Any]]:
    """The properties of topics by the reference to them."""
    found = templates.resources(environment, STACK, "SNS::Topic")
    return {key: each["Properties"] for key, each in found.items()}


def receiver(templates: Templates, environment: str, action: dict[str, str]) -> str:
    name: str = topics(templates, environment)[action["Ref"]]["TopicName"]
    return name


def test_every_alarm_is_complete(templates: Templates):
    for environment in VARIANTS:
        found = metric_alarms(templates, environment)
        assert found
        for name, alarm in found.items():
            assert alarm["ActionsEnabled"] is True, name
            assert len(alarm["AlarmActions"]) == len(alarm["OKActions"]) == 1, name
            assert alarm["TreatMissingData"] in {"breaching", "notBreaching", "missing"}, name
            assert 1 <= alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"], name
            assert "Threshold" in alarm or "ThresholdMetricId" in alarm, name
            assert name.startswith(f"streamops/{environment}/"), name
            assert len(name) <= 255


def test_every_description_says_what_is_wrong_and_ends_in_a_page_that_there_is(templates: Templates):
    for environment in VARIANTS:
        for name, alarm in metric_alarms(templates, environment).items():
            found = re.fullmatch(r"(.+)\. Runbook: (.+)", alarm["AlarmDescription"])
            assert found, name
            assert (PROJECT / found[2]).is_file(), name
            assert len(alarm["AlarmDescription"]) <= 1024


def test_each_alarm_warns_and_the_critical_ones_of_a_resource_page_once(templates: Templates):
    for alarm in metric_alarms(templates, "plain").values():
        assert receiver(templates, "plain", alarm["AlarmActions"][0]) == "streamops-plain-warning"
    found = pages(templates, "plain")
    assert {"streamops/plain/stream/orders", "streamops/plain/connector/orders-to-stream"} <= set(found)
    for page in found.values():
        assert receiver(templates, "plain", page["AlarmActions"][0]) == "streamops-plain-critical"


def test_a_page_names_exactly_the_critical_alarms_of_its_resource_and_is_made_after_them(
    templates: Templates, described: Describe
):
    environment = described("plain")
    resources = templates.resources("plain", STACK)
    for watched in monitorings(environment):
        critical = {alarm_name(environment, watched.subject, alarm.name) for alarm in watched.critical}
        if not critical:
            assert f"streamops/plain/{watched.subject}" not in pages(templates, "plain")
            continue
        (page,) = (
            each
            for each in resources.values()
            if each["Properties"].get("AlarmName") == f"streamops/plain/{watched.subject}"
        )
        assert set(re.findall(r'ALARM\("([^"]+)"\)', page["Properties"]["AlarmRule"])) == critical
        assert {resources[each]["Properties"]["AlarmName"] for each in page["DependsOn"]} == critical


NAMED = {
    "StreamName": ("streams", "Kinesis::Stream", "Name"),
    "DeliveryStreamName": ("deliveries", "KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    "ClusterName": ("connectors", "ECS::Cluster", "ClusterName"),
    "ServiceName": ("connectors", "ECS::Service", "ServiceName"),
    "Cluster Name": ("kafka", "Cluster", "ClusterName"),
    "AutoScalingGroupName": ("kafka", "AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),
}
"""Where the value of a dimension is given as a name."""


@pytest.mark.parametrize("environment", VARIANTS)
def test_names_are_those_that_the_other_stacks_give(templates: Templates, environment: str):
    for dimension, (stack, kind, name) in NAMED.items():
        there = stack in templates.stacks(environment)
        made = {each[name] for each in templates.properties(environment, stack, kind)} if there else set()
        watched = {
            each["Value"]
            for alarm in metric_alarms(templates, environment).values()
            for each in _dimensions(alarm)
            if each["Name"] == dimension
        }
        assert watched == made


def _dimensions(alarm: dict[str, Any]) -> Iterator[dict[str, str]]:
    yield from alarm.get("Dimensions", ())
    for query in alarm.get("Metrics", ()):
        yield from query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", ())


@pytest.mark.parametrize("environment", VARIANTS)
def test_the_stack_refers_to_the_key_alone_and_is_deployed_last(templates: Templates, environment: str):
    text = json.dumps(templates.resources(environment, STACK))
    assert "Fn::ImportValue" not in text
    assert set(re.findall(r'"StackName": "([^"]+)"', text)) <= {f"{environment}-security"}
    depends = {each.replace("-", "") for each in templates.settings[environment, STACK]["dependencies"]}
    for other in templates.stacks(environment) & {"streams", "kafka", "deliveries", "connectors"}:
        assert any(each.startswith(f"{environment}{other}") for each in depends)


def test_topics_are_encrypted_with_a_key_that_cloudwatch_may_use_and_take_nothing_in_the_clear(templates: Templates):
    (key,) = templates.resources("plain", STACK, "KMS::Key")
    policy = templates.resources("plain", STACK)[key]["Properties"]["KeyPolicy"]["Statement"]
    (allowed,) = (each for each in policy if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"})
    assert allowed["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    for topic in topics(templates, "plain").values():
        assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    for each in templates.properties("plain", STACK, "SNS::TopicPolicy"):
        denied, publish = each["PolicyDocument"]["Statement"]
        assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert publish["Action"] == "sns:Publish"
        assert publish["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
        assert publish["Condition"]["ArnLike"]["aws:SourceArn"].endswith(":alarm:streamops/plain/*")


def test_the_key_of_the_environment_encrypts_where_it_has_one(described: Describe, synthesized: Synthesize):
    made = synthesized(described(security={"key": OWN_KEY}, deliveries=None, routes=None))
    assert not made.resources("changed", STACK, "KMS::Key")
    assert {each["KmsMasterKeyId"] for each in topics(made, "changed").values()} == {OWN_KEY}


def test_a_given_topic_is_told_and_addresses_are_subscribed_to_one_that_is_made(
    described: Describe, synthesized: Synthesize
):
    address = "team@example.com"
    made = synthesized(
        described(
            deliveries=None,
            routes=None,
            alarms={
                "critical": {"topic": GIVEN},
                "warning": {"email": [address]},
                "runbooks": "https://wiki.example.com/runbooks",
            },
        )
    )
    assert {tuple(each["AlarmActions"]) for each in pages(made, "changed").values()} == {(GIVEN,)}
    (topic,) = topics(made, "changed")
    (subscription,) = made.properties("changed", STACK, "SNS::Subscription")
    assert (subscription["Endpoint"], subscription["Protocol"]) == (address, "email")
    assert subscription["TopicArn"] == {"Ref": topic}
    late = metric_alarms(made, "changed")["streamops/changed/stream/orders/iterator-age"]
    assert late["AlarmDescription"].endswith("Runbook: https://wiki.example.com/runbooks/stream-iterator-age.md")


def test_alarms_are_left_out_only_where_the_file_says_so(described: Describe, synthesized: Synthesize):
    assert STACK not in synthesized(described(deliveries=None, routes=None, **SILENT)).stacks("changed")


def test_whatever_is_watched_synthesizes_under_the_checks(described: Describe, tmp_path: Any):
    everything = {**EVERYTHING["everything"], "deliveries": {"archive": DELIVERIES["archive"]}}
    environments = [described("everything", **everything), described("express", **EVERYTHING["express"])]
    made = Templates(environments, tmp_path / "assembly", check=True)
    for environment in environments:
        assert len(metric_alarms(made, environment.name)) == len(alarms(environment))
    storage = metric_alarms(made, "express")["streamops/express/kafka/cluster/unusual-storage"]
    assert storage["ThresholdMetricId"] in {query["Id"] for query in storage["Metrics"]}
    assert "Threshold" not in storage


@pytest.fixture
def bodies(described: Describe) -> dict[str, list[Any]]:
    """The widgets of the dashboards of every kind of environment."""
    found = {}
    for name, sections in EVERYTHING.items():
        environment = described(name, **sections)
        (body,) = dashboard_bodies(environment, monitorings(environment))
        found[name] = json.loads(body)["widgets"]
    return found


def test_the_dashboard_has_a_row_for_each_resource_and_no_two_widgets_in_one_place(bodies: dict[str, list[Any]]):
    for widgets in bodies.values():
        taken: set[tuple[int, int]] = set()
        for widget in widgets:
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            assert not cells & taken
            assert max(x for x, _ in cells) < 24
            taken |= cells
    titles = [widget["properties"]["markdown"] for widget in bodies["plain"] if widget["type"] == "text"]
    assert {"## Connector orders-to-stream", "## Stream orders", "## Delivery archive"} <= set(titles)


def test_lines_of_a_graph_have_ids_of_their_own_and_formulas_use_them(bodies: dict[str, list[Any]]):
    for widgets in bodies.values():
        for widget in widgets:
            if widget["type"] != "metric":
                continue
            options = [line[-1] for line in widget["properties"]["metrics"]]
            ids = [each["id"] for each in options if "id" in each]
            assert len(set(ids)) == len(ids)
            for each in options:
                assert set(re.findall(r"\b[a-z]\w*", each.get("expression", ""))) <= set(ids)
                assert each["label"] if each.get("visible", True) else True


def test_a_dashboard_shows_the_alarms_that_there_are(bodies: dict[str, list[Any]], described: Describe):
    environment = described("everything", **EVERYTHING["everything"])
    names = {
        alarm_name(environment, each.subject, alarm.name) for each in monitorings(environment) for alarm in each.alarms
    }
    names |= {f"streamops/everything/{each.subject}" for each in monitorings(environment) if each.critical}
    shown = [arn for widget in bodies["everything"] for arn in widget["properties"].get("alarms", ())]
    assert {arn.removeprefix("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:") for arn in shown} <= names
    assert all(len(widget["properties"].get("alarms", ())) <= 100 for widget in bodies["everything"])


def test_more_than_a_dashboard_holds_goes_into_further_ones(described: Describe):
    many = {f"s{number}": {"mode": "on-demand"} for number in range(120)}
    environment: Environment = described(streams=many, deliveries=None, routes=None)
    parts = [json.loads(body)["widgets"] for body in dashboard_bodies(environment, monitorings(environment))]
    assert [len(widgets) <= 500 for widgets in parts] == [True, True]
