"""What is told of a change: added, changed, replaced and removed resources, by stack."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.changes import Kind, changes, normalized, summary, templates

STREAM: dict[str, Any] = {
    "Type": "AWS::Kinesis::Stream",
    "Properties": {"Name": "prod-orders", "ShardCount": 4},
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
}


def stack(**resources: Any) -> dict[str, Any]:
    return {"prod/streams": {"Resources": resources}}


def renamed(**properties: Any) -> dict[str, Any]:
    return {**STREAM, "Properties": {**STREAM["Properties"], **properties}}


@pytest.mark.parametrize(
    ("before", "after", "kind", "told"),
    [
        (stack(), stack(Orders=STREAM), Kind.ADDED, "`Kinesis::Stream` Orders"),
        (stack(Orders=STREAM), stack(Orders=renamed(ShardCount=8)), Kind.CHANGED, "Orders: ShardCount"),
        (stack(Orders=STREAM), stack(Orders=renamed(Name="b")), Kind.REPLACED, "Orders: Name (kept in AWS)"),
        (stack(Orders=STREAM), {}, Kind.REMOVED, "Orders (kept in AWS)"),
        (stack(Orders={"Type": "AWS::SNS::Topic"}), stack(), Kind.REMOVED, "`SNS::Topic` Orders"),
        (
            stack(Orders=STREAM),
            stack(Orders={**STREAM, "DeletionPolicy": "Delete"}),
            Kind.CHANGED,
            "Orders: DeletionPolicy",
        ),
    ],
)
def test_a_change_is_told_with_what_it_does_to_the_resource(
    before: dict[str, Any], after: dict[str, Any], kind: Kind, told: str
):
    (change,) = changes(before, after)
    assert change.kind is kind
    assert str(change).endswith(told)
    assert kind.name.lower() in summary([change])


def test_a_nested_property_that_is_said_once_only_replaces():
    def cluster(*subnets: str, instance: str = "kafka.m7g.large") -> dict[str, Any]:
        group = {"ClientSubnets": list(subnets), "InstanceType": instance}
        return stack(Cluster={"Type": "AWS::MSK::Cluster", "Properties": {"BrokerNodeGroupInfo": group}})

    (moved,) = changes(cluster("a", "b"), cluster("a", "c"))
    assert (moved.kind, moved.properties) == (Kind.REPLACED, ("BrokerNodeGroupInfo.ClientSubnets",))
    (grown,) = changes(cluster("a", "b"), cluster("a", "b", instance="kafka.m7g.xlarge"))
    assert (grown.kind, grown.properties) == (Kind.CHANGED, ("BrokerNodeGroupInfo",))


def test_what_takes_data_with_it_comes_first():
    found = changes(stack(A=STREAM, B=STREAM), stack(B=renamed(Name="b"), C=STREAM))
    assert [change.kind for change in found] == [Kind.REMOVED, Kind.REPLACED, Kind.ADDED]
    text = summary(found)
    assert text.startswith("**1 removed, 1 replaced, 0 changed, 1 added**")
    assert text.index("⚠ removed") < text.index("⚠ replaced") < text.index("- added")


def test_nothing_is_told_where_nothing_changes():
    assert summary(changes(stack(Orders=STREAM), stack(Orders=STREAM))) == "No resource changes."


def test_a_new_build_of_an_image_and_another_place_in_the_code_are_no_change():
    def task(digest: str, path: str) -> dict[str, Any]:
        properties = {"Image": f"repository:{digest}"}
        return {"Resources": {"Task": {"Properties": properties, "Metadata": {"aws:cdk:path": path}}}}

    assert normalized(task(64 * "a", "here")) == normalized(task(64 * "b", "there"))
    assert normalized(task("latest", "here")) != normalized(task("older", "here"))


def test_an_assembly_and_a_folder_of_its_templates_are_the_same(assembly: Path, tmp_path: Path):
    synthesized = templates(assembly)
    assert {"prod/streams", "everything/deliveries"} <= synthesized.keys()
    for name, template in synthesized.items():
        file = tmp_path / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(template), "utf-8")
    assert templates(tmp_path) == synthesized
