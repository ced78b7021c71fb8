"""Who the CLI is to the Kafka cluster of an environment, in kafka-python's words."""

from __future__ import annotations

import json
import ssl
from typing import Any

from cli.aws import Aws
from cli.errors import CliError, NotFoundError
from cli.msk import iam_settings, login_of
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
        CliError: the environment's way of authentication is not one of none, plain and SCRAM, or what it refers to is
            no certificate, or no user with a password.
    """
    kafka = environment.kafka
    match kafka:
        case MskKafka() | MskExpressKafka() | MskServerlessKafka():
            return _msk(environment, kafka)
        case Ec2Kafka():
            return _ec2(environment, kafka)
        case ExternalKafka():
            return _external(environment, kafka)


def _msk(environment: Environment, kafka: MskKafka | MskExpressKafka | MskServerlessKafka) -> dict[str, Any]:
    """MSK's certificates are of a public authority."""
    tls = {"ssl_context": ssl.create_default_context()}
    if login_of(environment, (kafka.auth,) if isinstance(kafka.auth, str) else kafka.auth) == "iam":
        return tls | iam_settings(environment, environment.region)
    return tls | _password(environment, "SCRAM-SHA-512", f"secret:{naming.msk_scram_secret_name(environment)}")


def _ec2(environment: Environment, kafka: Ec2Kafka) -> dict[str, Any]:
    """As the administrator, whom no ACL holds back."""
    if kafka.auth != "scram":
        raise CliError(
            f"kafka.auth {kafka.auth!r} of environment {environment.name} is not supported by this command",
            "supported: scram",
        )
    authority = kafka.ca or f"ssm:{naming.kafka_ca_parameter_name(environment)}"
    tls = {"ssl_context": _trusting(environment, authority)}
    return tls | _password(environment, "SCRAM-SHA-512", f"secret:{naming.kafka_admin_secret_name(environment)}")


def _external(environment: Environment, kafka: ExternalKafka) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if kafka.tls:
        settings["ssl_context"] = _trusting(environment, kafka.ca) if kafka.ca else ssl.create_default_context()
    if kafka.auth == "none":
        return settings | {"security_protocol": "SSL" if kafka.tls else "PLAINTEXT"}
    if kafka.auth == "iam":
        return settings | iam_settings(environment, region_of_arn(kafka.cluster_arn or "") or environment.region)
    if kafka.auth not in SCRAM or not kafka.secret:
        raise CliError(
            f"kafka.auth {kafka.auth!r} of environment {environment.name} is not supported by this command",
            f"supported: none, iam, {', '.join(sorted(SCRAM))}",
        )
    return settings | _password(environment, SCRAM[kafka.auth], kafka.secret, tls=kafka.tls)


def _password(environment: Environment, mechanism: str, secret: str, *, tls: bool = True) -> dict[str, Any]:
    user = _credentials(environment, secret)
    return {
        "security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user["username"],
        "sasl_plain_password": user["password"],
    }


def _trusting(environment: Environment, reference: str) -> ssl.SSLContext:
    """TLS that trusts the authorities of ``kafka.ca``, and no others."""
    try:
        return ssl.create_default_context(cadata=dereference(environment, reference))
    except (ssl.SSLError, TypeError, KeyError) as error:  # TypeError: not ASCII, KeyError: a binary secret
        raise CliError(
            f"kafka.ca {reference} of environment {environment.name} holds no certificate in PEM form",
            "store the text of the authority's certificate there: -----BEGIN CERTIFICATE----- …",
        ) from error


def _credentials(environment: Environment, reference: str) -> dict[str, str]:
    """The user of a secret in the form that MSK and most others use: JSON with ``username`` and ``password``."""
    try:
        user = json.loads(dereference(environment, reference))
        return {"username": user["username"], "password": user["password"]}
    except (ValueError, KeyError, TypeError) as error:
        raise CliError(
            f"kafka.secret {reference} of environment {environment.name} is not JSON with username and password",
            'store it as {"username": "…", "password": "…"}',
        ) from error


def dereference(environment: Environment, reference: str) -> str:
    """The text behind ``ssm:/path`` or ``secret:NAME``.

    Of the environment's own account only: the parameter of the same name in another one leads to a foreign cluster.
    """
    kind, _, name = reference.partition(":")
    aws = Aws(environment)
    aws.check_account()
    try:
        if kind == "ssm":
            return aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return str(aws.secrets.get_secret_value(SecretId=name)["SecretString"])
    except (aws.ssm.exceptions.ParameterNotFound, aws.secrets.exceptions.ResourceNotFoundException) as error:
        raise NotFoundError(
            f"{reference}, which environment {environment.name} refers to, does not exist in {environment.region}",
            f"create it: aws ssm put-parameter --type String --name {name} --value host:port,host:port"
            if kind == "ssm"
            else f"create it: aws secretsmanager create-secret --name {name} --secret-string …",
        ) from error
