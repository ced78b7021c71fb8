"""Who the CLI is to the Kafka cluster of an environment, in kafka-python's words."""

from __future__ import annotations

import ssl
from typing import Any

from cli.kafka_secrets import credentials, show_certificate, trusting
from cli.msk import iam_settings, login_of
from cli.oauth_tokens import ProviderTokens
from environments import (
    Ec2Kafka,
    Environment,
    ExternalKafka,
    MskExpressKafka,
    MskKafka,
    MskServerlessKafka,
    naming,
)
from environments.identifiers import region_of_arn

SCRAM = {"scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512", "plain": "PLAIN"}


def security(environment: Environment) -> dict[str, Any]:
    """The client's security settings as kafka-python names them.

    Raises:
        CliError: what the environment refers to is no certificate, or no user with a password.
        NotAuthenticatedError: the identity provider gives no token.
    """
    kafka = environment.kafka
    match kafka:
        case MskKafka() | MskExpressKafka() | MskServerlessKafka():
            return _msk(environment, kafka)
        case Ec2Kafka():
            return _ec2(environment, kafka)
        case ExternalKafka():
            return _external(environment, kafka)


def security_as(environment: Environment, user: str, password: str) -> dict[str, Any]:
    """The same for a SCRAM user of a cluster on machines of ours or an external one."""
    kafka = environment.kafka
    if isinstance(kafka, Ec2Kafka):
        return _tls(environment, kafka) | _login("SCRAM-SHA-512", user, password)
    assert isinstance(kafka, ExternalKafka)  # noqa: S101 - MSK has no users of Kafka's own
    return _tls(environment, kafka) | _login(SCRAM[kafka.auth], user, password, tls=kafka.tls)


def _msk(environment: Environment, kafka: MskKafka | MskExpressKafka | MskServerlessKafka) -> dict[str, Any]:
    """MSK's certificates are of a public authority."""
    tls = {"ssl_context": ssl.create_default_context()}
    login = login_of(environment, (kafka.auth,) if isinstance(kafka.auth, str) else kafka.auth)
    if login == "iam":
        return tls | iam_settings(environment, environment.region)
    if login == "mtls" and not isinstance(kafka, MskServerlessKafka):
        show_certificate(environment, tls["ssl_context"], kafka.secret or "")
        return tls | {"security_protocol": "SSL"}
    return tls | _password(environment, "SCRAM-SHA-512", f"secret:{naming.msk_scram_secret_name(environment)}")


def _ec2(environment: Environment, kafka: Ec2Kafka) -> dict[str, Any]:
    """As the administrator, whom no ACL holds back."""
    settings, secret = _tls(environment, kafka), f"secret:{naming.kafka_admin_secret_name(environment)}"
    if kafka.auth == "mtls":
        show_certificate(environment, settings["ssl_context"], secret)
        return settings | {"security_protocol": "SSL"}
    return settings | _password(environment, "SCRAM-SHA-512", secret)


def _external(environment: Environment, kafka: ExternalKafka) -> dict[str, Any]:
    settings, secret = _tls(environment, kafka), kafka.admin_secret or kafka.secret or ""
    match kafka.auth:
        case "none":
            return settings | {"security_protocol": "SSL" if kafka.tls else "PLAINTEXT"}
        case "iam":
            return settings | iam_settings(environment, region_of_arn(kafka.cluster_arn or "") or environment.region)
        case "mtls":
            show_certificate(environment, settings["ssl_context"], secret, key_password=kafka.key_password)
            return settings | {"security_protocol": "SSL"}
        case "oauthbearer":
            assert kafka.oauth is not None  # noqa: S101 - a rule of the environment
            return settings | {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "OAUTHBEARER",
                "sasl_oauth_token_provider": ProviderTokens(environment, kafka.oauth, secret),
            }
    return settings | _password(environment, SCRAM[kafka.auth], secret, tls=kafka.tls)


def _tls(environment: Environment, kafka: Ec2Kafka | ExternalKafka) -> dict[str, Any]:
    """Trust in the cluster's own authority where it has one, else in the public ones."""
    if isinstance(kafka, Ec2Kafka):
        authority = kafka.ca or f"ssm:{naming.kafka_ca_parameter_name(environment)}"
        return {"ssl_context": trusting(environment, authority)}
    if not kafka.tls:
        return {}
    return {"ssl_context": trusting(environment, kafka.ca) if kafka.ca else ssl.create_default_context()}


def _password(environment: Environment, mechanism: str, secret: str, *, tls: bool = True) -> dict[str, Any]:
    user = credentials(environment, secret)
    return _login(mechanism, user["username"], user["password"], tls=tls)


def _login(mechanism: str, user: str, password: str, *, tls: bool = True) -> dict[str, Any]:
    return {
        "security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }
