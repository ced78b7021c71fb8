"""Clusters on MSK: where they are, and who the CLI is to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.cluster import open_cluster
from cli.errors import CliError, NotAuthenticatedError, UnreachableError
from cli.kafka import bootstrap
from cli.kafka_login import security
from environments import Environment, load_environment
from tests.connector.aws_stub import AwsStub
from tests.connector.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Project

ACCOUNT = "123456789012"
CLUSTER = f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/streamops-x/12345678-1234-1234-1234-123456789012-2"
MSK = {"kind": "msk", "brokers": 2}
KEY = {"key": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"}
AUTHORITY = f"arn:aws:acm-pca:eu-west-1:{ACCOUNT}:certificate-authority/12345678-1234-1234-1234-123456789012"


def identity(account: str) -> bytes:
    result = f"<GetCallerIdentityResult><Account>{account}</Account><Arn>arn</Arn></GetCallerIdentityResult>"
    return f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>".encode()


@pytest.fixture
def msk(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:  # noqa: ARG001 - order
    answers: dict[str, Any] = {
        "GetCallerIdentity": lambda _: identity(ACCOUNT),
        "GetParameter": lambda asked: {"Parameter": {"Name": asked["Name"], "Value": f"msk:{CLUSTER}"}},
        "GetSecretValue": lambda asked: {
            "Name": asked["SecretId"],
            "SecretString": json.dumps({"username": "connectors", "password": "word"}),
        },
        "GetBootstrapBrokers": lambda _: {
            "BootstrapBrokerStringSaslIam": "b-1.x:9098,b-2.x:9098",
            "BootstrapBrokerStringSaslScram": "b-1.x:9096",
        },
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with AwsStub(answers=answers) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        yield stub


def environment(project: Project, kafka: dict[str, Any], **sections: Any) -> Environment:
    network = {"zones": ["eu-west-1a", "eu-west-1b"]}
    written = project.write(account=ACCOUNT, region="eu-west-1", network=network, kafka=kafka, **sections)
    return load_environment(written)


def test_a_made_cluster_is_found_by_its_parameter_and_asked_of_msk(project: Project, msk: AwsStub):
    described = environment(project, MSK)
    assert bootstrap(described) == "b-1.x:9098,b-2.x:9098"
    assert [call.content["Name"] for call in msk.of("GetParameter")] == [f"/streamops/{described.name}/kafka/bootstrap"]
    assert [call.content for call in msk.of("GetBootstrapBrokers")] == [{"ClusterArn": CLUSTER}]


def test_the_callers_own_identity_goes_before_the_connectors_user(project: Project, msk: AwsStub):
    described = environment(project, {**MSK, "auth": ["scram", "iam"]}, security=KEY)
    assert bootstrap(described).endswith(":9098")
    assert security(described)["sasl_mechanism"] == "OAUTHBEARER"
    assert not msk.of("GetSecretValue")


@pytest.mark.usefixtures("msk")
def test_an_iam_token_is_a_signed_url_of_the_environments_region(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    settings = security(environment(project, {"kind": "msk-serverless"}))
    token = settings["sasl_oauth_token_provider"].token()
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    asked = parse_qs(url.query)
    assert url.hostname == "kafka.eu-west-1.amazonaws.com"
    assert asked["Action"] == ["kafka-cluster:Connect"]
    assert asked["X-Amz-Credential"][0].startswith("AKIDEXAMPLE/")
    assert asked["X-Amz-Credential"][0].endswith("/eu-west-1/kafka-cluster/aws4_request")
    assert asked["X-Amz-Expires"] == ["900"]


def test_a_cluster_with_scram_alone_is_reached_as_the_connectors_user(project: Project, msk: AwsStub):
    described = environment(project, {**MSK, "auth": "scram"}, security=KEY)
    assert bootstrap(described) == "b-1.x:9096"
    assert security(described)["sasl_plain_username"] == "connectors"
    (asked,) = msk.of("GetSecretValue")
    assert asked.content["SecretId"] == f"AmazonMSK_streamops-{described.name}-connectors"


def test_with_certificates_alone_it_shows_that_of_the_connectors(project: Project, msk: AwsStub, tmp_path: Path):
    certificate, key = Authority(tmp_path / "tls").issue("connectors")
    entries = {"certificate": certificate.read_text(), "key": key.read_text()}
    msk.answers["GetSecretValue"] = lambda asked: {"Name": asked["SecretId"], "SecretString": json.dumps(entries)}
    msk.answers["GetBootstrapBrokers"] = lambda _: {"BootstrapBrokerStringTls": "b-1.x:9094"}
    kafka = {**MSK, "auth": "mtls", "authorities": [AUTHORITY], "secret": "secret:kafka"}
    described = environment(project, kafka)
    assert security(described)["security_protocol"] == "SSL"
    assert bootstrap(described) == "b-1.x:9094"


@pytest.mark.parametrize(("tls", "address"), [(True, "Tls"), (False, "")])
def test_a_cluster_without_logins_is_asked_for_its_open_addresses(
    project: Project, msk: AwsStub, tls: bool, address: str
):
    msk.answers["GetBootstrapBrokers"] = lambda _: {f"BootstrapBrokerString{address}": "b-1.x:9092"}
    kafka = {"kind": "external", "bootstrap": f"msk:{CLUSTER}", "tls": tls}
    assert bootstrap(environment(project, kafka)) == "b-1.x:9092"


@pytest.mark.usefixtures("msk")
def test_a_login_that_msk_does_not_know_is_refused_with_a_way_out(project: Project):
    kafka = {"kind": "external", "bootstrap": f"msk:{CLUSTER}", "auth": "plain", "secret": "secret:kafka"}
    with pytest.raises(CliError, match=r"kafka\.auth plain") as told:
        bootstrap(environment(project, kafka))
    assert "add iam" in told.value.way_out


def test_a_cluster_that_is_being_made_is_told(project: Project, msk: AwsStub):
    msk.answers["GetBootstrapBrokers"] = lambda _: {}
    with pytest.raises(UnreachableError, match=CLUSTER) as told:
        bootstrap(environment(project, MSK))
    assert "active" in told.value.way_out


def test_the_parameter_of_another_account_is_not_believed(project: Project, msk: AwsStub):
    msk.answers["GetCallerIdentity"] = lambda _: identity("999999999999")
    with pytest.raises(NotAuthenticatedError, match="999999999999"):
        bootstrap(environment(project, MSK))
    assert not msk.of("GetBootstrapBrokers")


@pytest.fixture
def on_broker(monkeypatch: pytest.MonkeyPatch, project: Project, kafka: dict[str, Any]) -> None:
    """Play a cluster on MSK with the real broker."""
    real = load_environment(project.write(kafka=kafka))
    monkeypatch.setattr("cli.topic.sync.open_cluster", lambda _: open_cluster(real))


def left_to_cloudformation(project: Project, topic: str) -> str:
    declared = {
        "orders": {"partitions": 1, "replication": 1, "name": topic, "manage": "cloudformation"},
        "clicks": {"partitions": 1, "replication": 1, "name": f"{topic}-clicks"},
    }
    network = {"zones": ["eu-west-1a", "eu-west-1b"]}
    return project.write(account=ACCOUNT, region="eu-west-1", network=network, kafka=MSK, topics=declared)


@pytest.mark.usefixtures("on_broker")
def test_sync_makes_no_topic_that_cloudformation_makes(project: Project, topic: str):
    name = left_to_cloudformation(project, topic)
    outcome = project.run("topic", "sync", "-e", name, "--dry-run", "-o", "json")
    assert [each["resource"] for each in outcome.plan["operations"]] == ["topic/clicks"]
    assert "left to CloudFormation: orders" in outcome.plan["warnings"]


@pytest.mark.usefixtures("on_broker")
def test_sync_of_a_topic_that_cloudformation_makes_is_refused_by_name(project: Project, topic: str):
    outcome = project.run("topic", "sync", "orders", "-e", left_to_cloudformation(project, topic), "--yes")
    assert outcome.exit_code == 7
    assert "topic orders is made by CloudFormation (manage: cloudformation)" in outcome.stdout + outcome.stderr
    assert "cdk deploy" in outcome.stdout + outcome.stderr
