"""What holds data in production goes only when two keys are turned: on the project's own stack of streams."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.aws.conftest import ACCOUNT, REGION, ROOT, Cdk, StandIn

ENVIRONMENT = f"""
account: "{ACCOUNT}"
region: {REGION}
production: true
network:
  zones: [{REGION}a, {REGION}b, {REGION}c]
kafka:
  kind: external
  bootstrap: "ssm:/kafka/bootstrap"
streams:
  orders:
    mode: on-demand
    retention: 24h
"""


@pytest.fixture
def cdk(standin: StandIn, tmp_path: Path) -> Cdk:
    """The CDK on the project's own app, for one production environment."""
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "live.yaml").write_text(ENVIRONMENT)
    return Cdk(standin, tmp_path, ROOT / "app.py", {"STREAMOPS_ENVIRONMENTS": str(environments)})


def test_a_stack_with_data_is_protected_and_what_it_held_stays_when_it_goes(cdk: Cdk) -> None:
    chosen = ("-c", "env=live")
    bootstrapped = cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", *chosen)
    assert bootstrapped.returncode == 0, bootstrapped.stderr
    deployed = cdk("deploy", "live/streams", "--exclusively", "--require-approval", "never", *chosen)
    assert deployed.returncode == 0, deployed.stderr
    refused = cdk("destroy", "live/streams", "--exclusively", "--force", *chosen)
    assert refused.returncode != 0
    assert "TerminationProtection is enabled" in refused.stderr
    cloudformation = cdk.standin.client("cloudformation")
    cloudformation.update_termination_protection(StackName="live-streams", EnableTerminationProtection=False)
    destroyed = cdk("destroy", "live/streams", "--exclusively", "--force", *chosen)
    assert destroyed.returncode == 0, destroyed.stderr
    with pytest.raises(cloudformation.exceptions.ClientError, match="live-streams does not exist"):
        cloudformation.describe_stacks(StackName="live-streams")
    assert "live-orders" in cdk.standin.client("kinesis").list_streams(Limit=100)["StreamNames"]
