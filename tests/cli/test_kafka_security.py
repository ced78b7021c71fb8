"""How an environment's security becomes a client's settings."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from cli.errors import CliError, NotAuthenticatedError, NotFoundError
from cli.kafka_login import security
from environments import load_environment

if TYPE_CHECKING:
    from tests.cli.conftest import Project


@pytest.fixture
def secret(aws, topic):
    aws.client("secretsmanager").create_secret(
        Name=topic, SecretString=json.dumps({"username": "ops", "password": "hunter2"})
    )
    return f"secret:{topic}"


def settings(project: Project, **kafka: Any) -> dict[str, Any]:
    external = {"kind": "external", "bootstrap": "broker:9093"}
    return security(load_environment(project.write(kafka={**external, **kafka})))


@pytest.mark.parametrize(("tls", "protocol"), [(True, "SSL"), (False, "PLAINTEXT")])
def test_tls_is_a_matter_of_the_environment(project, tls, protocol):
    made = settings(project, tls=tls)
    assert made["security_protocol"] == protocol
    assert isinstance(made.get("ssl_context"), ssl.SSLContext) == tls


@pytest.mark.parametrize(
    ("auth", "mechanism"),
    [("scram-sha-256", "SCRAM-SHA-256"), ("scram-sha-512", "SCRAM-SHA-512"), ("plain", "PLAIN")],
)
def test_user_and_password_come_from_the_secret(project, secret, auth, mechanism):
    made = settings(project, auth=auth, secret=secret)
    assert made["security_protocol"] == "SASL_SSL"
    assert made["sasl_mechanism"] == mechanism
    assert (made["sasl_plain_username"], made["sasl_plain_password"]) == ("ops", "hunter2")


@pytest.mark.usefixtures("aws")
def test_a_secret_that_is_not_there_is_named(project):
    with pytest.raises(NotFoundError, match="secret:nobody"):
        settings(project, auth="plain", secret="secret:nobody")


def test_a_secret_of_another_shape_is_told_without_its_text(project, aws, topic):
    aws.client("secretsmanager").create_secret(Name=topic, SecretString="hunter2")
    with pytest.raises(CliError, match="username and password") as told:
        settings(project, auth="plain", secret=f"secret:{topic}")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("text", ["hunter2", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "ä"])
def test_an_authority_that_is_no_certificate_is_told_without_its_text(project, aws, topic, text):
    aws.client("secretsmanager").create_secret(Name=topic, SecretString=text)
    with pytest.raises(CliError, match=rf"kafka.ca secret:{topic} .* holds no certificate in PEM form") as told:
        settings(project, ca=f"secret:{topic}")
    assert text not in str(told.value)


def test_an_authority_in_a_binary_secret_is_told(project, aws, topic):
    aws.client("secretsmanager").create_secret(Name=topic, SecretBinary=b"0")
    with pytest.raises(CliError, match="holds no certificate in PEM form"):
        settings(project, ca=f"secret:{topic}")


def test_no_secret_is_read_from_another_account(project, secret):
    external = {"kind": "external", "bootstrap": "broker:9093", "auth": "plain", "secret": secret}
    foreign = load_environment(project.write(account="210987654321", kafka=external))
    with pytest.raises(NotAuthenticatedError, match="210987654321"):
        security(foreign)


def test_the_command_line_has_a_login_of_its_own_where_the_file_names_one(project, aws, topic, secret):
    own = json.dumps({"username": "admin", "password": "hunter3"})
    aws.client("secretsmanager").create_secret(Name=f"{topic}/own", SecretString=own)
    made = settings(project, auth="scram-sha-512", secret=secret, admin_secret=f"secret:{topic}/own")
    assert made["sasl_plain_username"] == "admin"


def test_iam_signs_for_the_region_of_the_external_cluster(project):
    cluster = "arn:aws:kafka:us-east-1:123456789012:cluster/theirs/12345678-1234-1234-1234-123456789012-2"
    made = settings(project, auth="iam", cluster=cluster)
    assert (made["security_protocol"], made["sasl_mechanism"]) == ("SASL_SSL", "OAUTHBEARER")
