"""``user sync`` on MSK: secrets under MSK's names and the environment's own key, associated with the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.aws import Aws

if TYPE_CHECKING:
    from tests.cli.conftest import Project

ACCOUNT = "123456789012"
CLUSTER = f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/streamops-x/12345678-1234-1234-1234-123456789012-2"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"


@pytest.fixture
def msk(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """What MSK is asked and answers; botocore holds both to the service's own model."""
    client = aws.client("kafka")
    monkeypatch.setattr(Aws, "kafka", lambda _self, _region: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def environment(project: Project, aws: boto3.Session, msk: Stubber) -> str:
    del msk
    name = project.write(
        kafka={"kind": "msk", "brokers": 2, "auth": "scram"},
        security={"key": KEY},
        topics={"orders": {"partitions": 1, "replication": 2}},
        applications={"billing": {"reads": ["orders"]}},
    )
    parameter = f"/streamops/{name}/kafka/bootstrap"
    aws.client("ssm").put_parameter(Name=parameter, Type="String", Value=f"msk:{CLUSTER}")
    return name


def keep(aws: boto3.Session, name: str, user: str) -> str:
    text = json.dumps({"username": user, "password": "word"})
    arn: str = aws.client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"]
    return arn


def listed(msk: Stubber, *arns: str) -> None:
    msk.add_response("list_scram_secrets", {"SecretArnList": list(arns)}, {"ClusterArn": CLUSTER})


def associates(msk: Stubber, asked: dict[str, Any], *refused: dict[str, str]) -> None:
    msk.add_response("batch_associate_scram_secret", {"UnprocessedScramSecrets": list(refused)}, asked)


def test_the_secret_of_an_application_is_made_and_associated(
    project: Project, aws: boto3.Session, msk: Stubber, environment: str
):
    connectors = keep(aws, f"AmazonMSK_streamops-{environment}-connectors", "connectors")
    listed(msk, connectors)
    shown = project.run("user", "sync", "-e", environment, "-n", "-o", "json")
    assert shown.exit_code == 3, shown.stderr
    assert [each["kind"] for each in shown.plan["operations"]] == ["create-secret", "associate-secret"]

    name = f"AmazonMSK_streamops-{environment}-application-billing"
    made = keep(aws, name, "billing")
    listed(msk, connectors)
    associates(msk, {"ClusterArn": CLUSTER, "SecretArnList": [made]})
    listed(msk, connectors, made)
    done = project.run("user", "sync", "-e", environment, "--yes", "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert done.answer["status"] == "applied"


def test_the_secret_has_the_key_of_the_environment(
    project: Project, aws: boto3.Session, msk: Stubber, environment: str
):
    listed(msk, keep(aws, f"AmazonMSK_streamops-{environment}-connectors", "connectors"))
    # What is made before it is refused is kept, and tells with which key.
    msk.add_client_error("batch_associate_scram_secret", "BadRequestException", "on demand")
    cut = project.run("user", "sync", "-e", environment, "--yes")
    assert cut.exit_code == 6, cut.stderr
    name = f"AmazonMSK_streamops-{environment}-application-billing"
    assert aws.client("secretsmanager").describe_secret(SecretId=name)["KmsKeyId"] == KEY


def test_what_msk_refuses_is_told_with_its_reason(project: Project, aws: boto3.Session, msk: Stubber, environment: str):
    made = keep(aws, f"AmazonMSK_streamops-{environment}-application-billing", "billing")
    listed(msk, keep(aws, f"AmazonMSK_streamops-{environment}-connectors", "connectors"))
    refused = {"SecretArn": made, "ErrorCode": "InvalidSecretArn", "ErrorMessage": "the key is not yours"}
    associates(msk, {"ClusterArn": CLUSTER, "SecretArnList": [made]}, refused)
    outcome = project.run("user", "sync", "-e", environment, "--yes")
    assert outcome.exit_code == 1
    assert "InvalidSecretArn: the key is not yours" in outcome.stderr


def test_secrets_that_nobody_declares_are_named(project: Project, aws: boto3.Session, msk: Stubber, environment: str):
    own = [
        keep(aws, f"AmazonMSK_streamops-{environment}-connectors", "connectors"),
        keep(aws, f"AmazonMSK_streamops-{environment}-application-billing", "billing"),
    ]
    other = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:AmazonMSK_other-AbCdEf"
    listed(msk, *own, other)
    shown = project.run("user", "sync", "-e", environment, "-o", "json")
    assert shown.exit_code == 0, shown.stderr
    assert shown.plan["warnings"] == [f"not declared, left alone: {other}"]
