"""What `cdk deploy` says it created is there, and a second deploy changes what has changed and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import boto3
import pytest

from environments import environments_folder
from sandbox.tools import cdk
from sandbox.waiting import wait_until
from tests.end_to_end.conftest import Deployment, connector_pids
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


def test_a_second_deploy_changes_the_stream_and_rolls_the_connector(deployment: Deployment, tmp_path: Path):
    folder = tmp_path / "environments"
    shutil.copytree(environments_folder(), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    declared = folder / "local.yaml"
    declared.write_text(
        declared.read_text()
        .replace("retention: 24h", "retention: 72h")
        .replace("to: {stream: flights}", "to: {stream: flights}\n    ordering: none")
    )
    before = connector_pids(deployment)
    try:
        done = deployment.streamops("sandbox", "up", environments=folder)
        assert done.returncode == 0, done.stderr
        kinesis = deployment.state.client("kinesis")
        summary = kinesis.describe_stream_summary(StreamName="local-flights")["StreamDescriptionSummary"]
        assert (summary["RetentionPeriodHours"], summary["OpenShardCount"]) == (72, 4)
        # The configuration's hash is part of the task definition, so a changed route means new tasks; the old ones end
        # when they have drained.
        assert set(connector_pids(deployment)) - set(before)
        assert wait_until(lambda: not set(connector_pids(deployment)) & set(before), timeout_seconds=60)
    finally:
        restored = deployment.streamops("sandbox", "up")
    assert restored.returncode == 0, restored.stderr
    summary = kinesis.describe_stream_summary(StreamName="local-flights")["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 24
