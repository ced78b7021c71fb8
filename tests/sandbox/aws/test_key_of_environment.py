"""The key that an environment has of its own, deployed into the stand-in, and a stream that another stack encrypts."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.sandbox.aws.stacks import deploy
from tests.stacks.synthesis import PLAIN, Templates, describe

STREAMS = {"orders": {"mode": "provisioned", "shards": 1, "encryption": "environment"}}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """A streams stack that takes its key from a security stack by a weak reference, twice."""
    folder: Path = tmp_path_factory.mktemp("keyed")
    sections = {**PLAIN, "deliveries": {}, "routes": {}, "streams": STREAMS, "security": {"key": "create"}}
    kept = describe(folder, "kept", **{**sections, "production": True})
    return Templates([describe(folder, "gone", **sections), kept], tmp_path_factory.mktemp("assembly"))


def deployed(session: boto3.Session, templates: Templates, environment: str) -> str:
    """Deploy key and stream; return the key's ARN."""
    for stack in ("security", "streams"):
        made = deploy(session, f"{environment}-{stack}", templates.body(environment, stack))
        assert made["StackStatus"] == "CREATE_COMPLETE"
    alias = f"alias/streamops-{environment}"
    return str(session.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"])


def test_a_stream_is_encrypted_with_the_key_of_the_other_stack(session: boto3.Session, templates: Templates):
    key = deployed(session, templates, "gone")
    assert session.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    stream = session.client("kinesis").describe_stream_summary(StreamName="gone-orders")["StreamDescriptionSummary"]
    assert (stream["EncryptionType"], stream["KeyId"]) == ("KMS", key)


@pytest.mark.parametrize(("environment", "state"), [("gone", "PendingDeletion"), ("kept", "Enabled")])
def test_a_key_of_production_outlives_its_stack(
    session: boto3.Session, templates: Templates, environment: str, state: str
):
    key = deployed(session, templates, environment)
    session.client("cloudformation").delete_stack(StackName=f"{environment}-security")
    assert session.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == state
