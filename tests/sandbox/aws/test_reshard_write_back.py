"""A reshard that is written back: the next diff is that one property, and the next deploy changes nothing live."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.aws.conftest import ACCOUNT, REGION, ROOT, Cdk, StandIn

ENVIRONMENT = f"""
account: "{ACCOUNT}"
region: {REGION}
network:
  zones: [{REGION}a, {REGION}b]
kafka:
  kind: external
  bootstrap: "ssm:/kafka/bootstrap"
streams:
  resharded:
    mode: provisioned
    shards: 4         # what four hours of the evening need
    retention: 24h
  other:
    mode: provisioned
    shards: 2
"""
STREAM = "trialwb-resharded"


@pytest.fixture
def cdk(standin: StandIn, tmp_path: Path) -> Cdk:
    """The CDK on the project's own app, for one environment."""
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "trialwb.yaml").write_text(ENVIRONMENT)
    return Cdk(standin, tmp_path, ROOT / "app.py", {"STREAMOPS_ENVIRONMENTS": str(environments)})


def streamops(cdk: Cdk, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("streamops")), *arguments],
        env={**os.environ, **cdk.standin.environment, **cdk.variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def shards(cdk: Cdk) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = cdk.standin.client("kinesis").list_shards(StreamName=STREAM)["Shards"]
    return listed


def run(cdk: Cdk, *arguments: str) -> str:
    done = cdk(*arguments, "-c", "env=trialwb")
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def test_what_is_written_back_is_all_that_differs_and_a_deploy_leaves_the_shards_alone(cdk: Cdk) -> None:
    run(cdk, "bootstrap", f"aws://{ACCOUNT}/{REGION}")
    run(cdk, "deploy", "trialwb/streams", "--exclusively", "--require-approval", "never")
    done = streamops(cdk, "stream", "reshard", "resharded", "--to", "6", "-e", "trialwb", "-y", "--write-back")
    assert done.returncode == 0, done.stderr
    written = (Path(cdk.variables["STREAMOPS_ENVIRONMENTS"]) / "trialwb.yaml").read_text()
    assert written == ENVIRONMENT.replace("shards: 4 ", "shards: 6 ")

    differs = run(cdk, "diff", "trialwb/streams", "--exclusively")
    assert re.findall(r"\[~\] (AWS::\S+)", differs) == ["AWS::Kinesis::Stream"]
    assert re.findall(r"─ \[~\] (\w+)", differs) == ["ShardCount"]

    before = shards(cdk)
    run(cdk, "deploy", "trialwb/streams", "--exclusively", "--require-approval", "never")
    assert shards(cdk) == before
    run(cdk, "diff", "trialwb/streams", "--exclusively", "--fail")
    again = streamops(cdk, "stream", "reshard", "resharded", "--to", "6", "-e", "trialwb", "-n")
    assert again.returncode == 0, again.stdout
