"""Where the brokers of a cluster on MSK are: asked of MSK, for the way of logging in that the route has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.bootstrap import resolve_bootstrap
from connector.config import MskIam, Plaintext, Role, Sasl, Secret, Security, Tls
from connector.errors import ConnectorError
from connector.permissions import policies
from tests.connector.aws_stub import AwsStub, RefusedError
from tests.connector.in_memory import route_config

CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/streamops-dev/12345678-1234-1234-1234-123456789012-2"
IAM = MskIam(protocol="sasl-tls", mechanism="aws-msk-iam")
WORD = Secret(env="WORD")
SCRAM = Sasl(protocol="sasl-tls", mechanism="scram-sha-512", username=WORD, password=WORD)
PLAIN = Sasl(protocol="sasl-tls", mechanism="plain", username=WORD, password=WORD)
ANSWER = {
    "BootstrapBrokerStringSaslIam": "b-1.dev:9098,b-2.dev:9098",
    "BootstrapBrokerStringSaslScram": "b-1.dev:9096",
    "BootstrapBrokerStringTls": "b-1.dev:9094",
    "BootstrapBrokerString": "b-1.dev:9092",
    "BootstrapBrokerStringPublicSaslIam": "public:9198",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with AwsStub(answers={"GetBootstrapBrokers": lambda _: ANSWER}) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        yield stub


def resolved(bootstrap: str, security: Security = IAM, parameter: str = "") -> str:
    return resolve_bootstrap(bootstrap, security, lambda _: parameter)


@pytest.mark.parametrize(
    ("security", "brokers"),
    [
        (IAM, "b-1.dev:9098,b-2.dev:9098"),
        (SCRAM, "b-1.dev:9096"),
        (Tls(protocol="tls"), "b-1.dev:9094"),
        (Plaintext(protocol="plaintext"), "b-1.dev:9092"),
    ],
)
def test_the_addresses_fit_the_way_of_logging_in(aws: AwsStub, security: Security, brokers: str):
    assert resolved(f"msk:{CLUSTER}", security) == brokers
    (call,) = aws.of("GetBootstrapBrokers")
    assert call.content == {"ClusterArn": CLUSTER}


def test_a_parameter_may_name_the_cluster(aws: AwsStub):
    assert resolved("ssm:/streamops/dev/kafka/bootstrap", parameter=f"msk:{CLUSTER}\n") == "b-1.dev:9098,b-2.dev:9098"
    assert len(aws.calls) == 1


@pytest.mark.usefixtures("aws")
def test_what_is_no_cluster_is_refused_before_anybody_is_asked():
    with pytest.raises(ConnectorError, match="holds 'msk:dev', and after msk: stands the ARN"):
        resolved("ssm:/kafka", parameter="msk:dev")


def test_a_role_for_kafka_asks_too(aws: AwsStub):
    role = Role(arn="arn:aws:iam::444455556666:role/reader")
    resolved(f"msk:{CLUSTER}", MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", role=role))
    (call,) = aws.of("GetBootstrapBrokers")
    assert call.access_key.startswith("ASIAROLE")


def test_a_way_that_the_cluster_does_not_take_is_told_with_those_that_it_takes(aws: AwsStub):
    aws.answers["GetBootstrapBrokers"] = lambda _: {"BootstrapBrokerStringTls": "b-1.dev:9094"}
    with pytest.raises(ConnectorError) as error:
        resolved(f"msk:{CLUSTER}")
    assert CLUSTER in str(error.value)
    assert "names no brokers for protocol: sasl-tls with mechanism: aws-msk-iam; set source.security to" in str(
        error.value
    )
    assert "protocol: tls" in str(error.value)


def test_a_cluster_that_is_not_ready_is_waited_for(aws: AwsStub):
    aws.answers["GetBootstrapBrokers"] = lambda _: {}
    with pytest.raises(ConnectorError, match="wait until it is active"):
        resolved(f"msk:{CLUSTER}")


def test_msk_takes_no_plain_passwords(aws: AwsStub):
    with pytest.raises(ConnectorError, match="takes no plain over sasl-tls"):
        resolved(f"msk:{CLUSTER}", PLAIN)
    assert not aws.calls


def test_a_cluster_that_is_not_there_is_named(aws: AwsStub):
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise RefusedError("NotFoundException")

    aws.answers["GetBootstrapBrokers"] = refuse
    with pytest.raises(ConnectorError, match=f"brokers of MSK cluster {CLUSTER}") as error:
        resolved(f"msk:{CLUSTER}")
    assert "kafka:GetBootstrapBrokers" in str(error.value)


def test_a_route_that_names_its_cluster_is_allowed_that_cluster_alone():
    security = {"protocol": "sasl-tls", "mechanism": "aws-msk-iam"}
    source = {"kind": "kafka", "bootstrap": f"msk:{CLUSTER}", "topic": "flights", "group": "g", "security": security}
    config = route_config(source=source)
    (policy,) = policies(config, "eu-west-1").values()
    allowed = {tuple(each["Action"]): each["Resource"] for each in policy["Statement"]}
    inside = CLUSTER.replace(":cluster/", ":{}/")
    assert allowed[("kafka:GetBootstrapBrokers",)] == [CLUSTER]
    assert allowed[("kafka-cluster:Connect",)] == [CLUSTER]
    topic = allowed[("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")]
    assert topic == [f"{inside.format('topic')}/{config.source.topic}"]
    group = allowed[("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup")]
    assert group == [f"{inside.format('group')}/{config.source.group}"]
