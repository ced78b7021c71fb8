"""What `cdk deploy` says it created is there, and a second deploy changes what has changed and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from environments import environments_folder
from sandbox.process import owned_processes
from sandbox.tools import cdk
from sandbox.waiting import wait_until
from tests.end_to_end.conftest import Deployment, connector_pids, has_settled
from tests.sandbox.aws.properties import compare


@pytest.mark.parametrize(
    "stack", ["local-network", "local-streams", "local-deliveries", "local-connectors", "local-observability"]
)
def test_every_property_of_the_templates_is_there_when_the_service_is_asked(
    deployment: Deployment, stack: str, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (deployment.state.aws_endpoint | deployment.state.aws_credentials).items():
        monkeypatch.setenv(name, value)
    assert compare(stack, boto3.Session()) == []


def test_nothing_differs_after_the_deploy(deployment: Deployment):
    cdk(deployment.state, "diff", "local/*", "--fail")


CHANGES = {
    "retention: 24h\n  delays:": "retention: 72h\n  delays:",
    "\ndeliveries:": "\n  late:\n    mode: provisioned\n    shards: 1\n    retention: 24h\n\ndeliveries:",
    "to: {stream: flights}": "to: {stream: flights}\n    ordering: none",
}
REMOVED = "flights-to-archive"


def changed_environments(folder: Path) -> Path:
    """Copy the environment files, `local` with a longer retention, another stream, a changed route and one less."""
    shutil.copytree(environments_folder(), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    declared = folder / "local.yaml"
    text = declared.read_text()
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    route, rest = text[text.index(f"  {REMOVED}:") :].split("\n\n", 1)
    declared.write_text(text.replace(route + "\n\n", "\n") if rest else text)
    return folder


def changed_since(deployment: Deployment, events: dict[str, int]) -> dict[str, set[tuple[str, str]]]:
    """What a deployment did to which types of resources, by stack, after as many events as there were before."""
    return {
        stack: {
            (event["ResourceType"], event["ResourceStatus"])
            for event in stack_events(deployment, stack)[: -count or None]
            if event["ResourceStatus"].endswith("_COMPLETE") and event["ResourceType"] != "AWS::CloudFormation::Stack"
        }
        for stack, count in events.items()
    }


def stack_events(deployment: Deployment, stack: str) -> list[dict[str, Any]]:
    """The events of a stack, the newest first."""
    pages = deployment.state.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]]


def test_a_second_deploy_does_exactly_what_was_changed(deployment: Deployment, tmp_path: Path):
    before = connector_pids(deployment)
    kinesis, ecs, iam = (deployment.state.client(service) for service in ("kinesis", "ecs", "iam"))
    stacks = ("local-network", "local-streams", "local-deliveries", "local-connectors")
    events = {stack: len(stack_events(deployment, stack)) for stack in stacks}
    try:
        done = deployment.streamops("sandbox", "up", environments=changed_environments(tmp_path / "environments"))
        assert done.returncode == 0, done.stderr
        summary = kinesis.describe_stream_summary(StreamName="local-flights")["StreamDescriptionSummary"]
        assert (summary["RetentionPeriodHours"], summary["OpenShardCount"]) == (72, 4)
        assert set(kinesis.list_streams()["StreamNames"]) == {"local-flights", "local-delays", "local-late"}
        # The configuration's hash is part of the task definition, so a changed route means new tasks; the old ones end
        # when they have drained.
        assert set(connector_pids(deployment)) - set(before)
        assert wait_until(lambda: not set(connector_pids(deployment)) & set(before), timeout_seconds=60)
        assert wait_until(
            lambda: REMOVED not in {part for part, _ in owned_processes(deployment.directory)}, timeout_seconds=60
        )
        (left,) = ecs.list_services(cluster="streamops-local")["serviceArns"]
        assert left.endswith("/flights-to-stream")
        assert not [role for role in iam.list_roles()["Roles"] if "flightstoarchiveTask" in role["RoleName"]]
        changed = changed_since(deployment, events)
        stream = "AWS::Kinesis::Stream"
        assert changed.pop("local-streams") == {(stream, "UPDATE_COMPLETE"), (stream, "CREATE_COMPLETE")}
        assert ("AWS::ECS::Service", "DELETE_COMPLETE") in changed.pop("local-connectors")
        # With the last route into Firehose goes the way there; the delivery itself stays as it is.
        assert changed == {"local-network": {("AWS::EC2::VPCEndpoint", "DELETE_COMPLETE")}, "local-deliveries": set()}
    finally:
        restored = deployment.streamops("sandbox", "up")
    assert restored.returncode == 0, restored.stderr
    summary = kinesis.describe_stream_summary(StreamName="local-flights")["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 24
    assert set(kinesis.list_streams()["StreamNames"]) == {"local-flights", "local-delays"}
    # The tests that follow find what they found before: one task of each route, of the configuration in the file.
    assert wait_until(lambda: has_settled(deployment), timeout_seconds=60)
