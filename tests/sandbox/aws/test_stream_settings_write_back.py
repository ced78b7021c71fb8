"""Retention, mode and consumers that are written back: the next diff is these, and the next deploy changes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.aws.conftest import ACCOUNT, REGION, ROOT, Cdk, StandIn
from tests.sandbox.aws.test_reshard_write_back import run as run_cdk
from tests.sandbox.aws.test_reshard_write_back import streamops

ENVIRONMENT = f"""
account: "{ACCOUNT}"
region: {REGION}
network:
  zones: [{REGION}a, {REGION}b]
kafka:
  kind: external
  bootstrap: "ssm:/kafka/bootstrap"
streams:
  settled:
    mode: provisioned  # until we know the load
    shards: 4
    retention: 48h     # a weekend
    consumers:
      dashboard: {{}}
      audit: {{}}      # of the other team
"""
WRITTEN = f"""
account: "{ACCOUNT}"
region: {REGION}
network:
  zones: [{REGION}a, {REGION}b]
kafka:
  kind: external
  bootstrap: "ssm:/kafka/bootstrap"
streams:
  settled:
    mode: on-demand  # until we know the load
    retention: 72h     # a weekend
    consumers:
      audit: {{}}      # of the other team
"""
STACK = ("trialwb/streams", "--exclusively")


@pytest.fixture
def cdk(standin: StandIn, tmp_path: Path) -> Cdk:
    """The CDK on the project's own app, for one environment."""
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "trialwb.yaml").write_text(ENVIRONMENT)
    return Cdk(standin, tmp_path, ROOT / "app.py", {"STREAMOPS_ENVIRONMENTS": str(environments)})


def live(cdk: Cdk) -> tuple[Any, ...]:
    kinesis = cdk.standin.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName="trialwb-settled")["StreamDescriptionSummary"]
    consumers = kinesis.list_stream_consumers(StreamARN=summary["StreamARN"])["Consumers"]
    return (
        summary["StreamModeDetails"]["StreamMode"],
        summary["RetentionPeriodHours"],
        summary["OpenShardCount"],
        [consumer["ConsumerName"] for consumer in consumers],
    )


def test_what_is_written_back_is_all_that_differs_and_a_deploy_leaves_the_stream_alone(cdk: Cdk) -> None:
    run_cdk(cdk, "bootstrap", f"aws://{ACCOUNT}/{REGION}")
    run_cdk(cdk, "deploy", *STACK, "--require-approval", "never")
    for words in (
        ("retention", "settled", "--to", "72h"),
        ("mode", "settled", "on-demand"),
        ("consumers", "settled", "--deregister", "dashboard"),
    ):
        done = streamops(cdk, "stream", *words, "-e", "trialwb", "-y", "--write-back")
        assert done.returncode == 0, done.stderr
    assert (Path(cdk.variables["STREAMOPS_ENVIRONMENTS"]) / "trialwb.yaml").read_text() == WRITTEN
    assert live(cdk) == ("ON_DEMAND", 72, 4, ["audit"])

    differs = run_cdk(cdk, "diff", *STACK)
    assert sorted(re.findall(r"\[([-+~])\] (AWS::\S+)", differs)) == [
        ("-", "AWS::Kinesis::StreamConsumer"),
        ("~", "AWS::Kinesis::Stream"),
    ]
    changed = set(re.findall(r"─ \[[-+~]\] (\w+)", differs))
    assert {"RetentionPeriodHours", "ShardCount", "StreamModeDetails"} <= changed
    run_cdk(cdk, "deploy", *STACK, "--require-approval", "never")
    assert live(cdk) == ("ON_DEMAND", 72, 4, ["audit"])
    run_cdk(cdk, "diff", *STACK, "--fail")
