"""How a connector reaches the brokers and proves who it is: the cluster of an environment in the connector's words."""

from collections.abc import Iterable
from dataclasses import dataclass

from connector.config import MskIam, OAuthBearer, Plaintext, Sasl, Secret, Security, Tls
from environments import (
    Ec2Kafka,
    Environment,
    ExternalKafka,
    MskExpressKafka,
    MskKafka,
    MskServerlessKafka,
)
from environments.identifiers import region_of_arn
from environments.naming import kafka_ca_parameter_name, kafka_secret_name, msk_scram_secret_name
from stacks.connectors.cannot_render import CannotRenderError
from stacks.connectors.secrets import InjectedSecret

_CA = "KAFKA_CA"


@dataclass(frozen=True, kw_only=True)
class Login:
    """The security section of a connector's configuration, and the secrets that it finds in variables."""

    security: Security
    secrets: tuple[InjectedSecret, ...] = ()


def kafka_login(environment: Environment, *, key: str | None = None) -> Login:
    """Return how connectors log in to the cluster of `environment`; `key` is the ARN of the environment's own key.

    The keys of the JSON in a secret are the names that the connector's configuration has for them:
    username and password, certificate and key, client_id and client_secret.

    Raises:
        CannotRenderError: the external cluster wants what its section does not name.
    """
    match environment.kafka:
        case ExternalKafka() as kafka:
            return _external(environment, kafka)
        case Ec2Kafka() as kafka:
            return _ec2(environment, kafka, key)
        case MskServerlessKafka():
            return Login(security=_iam(environment.region))
        case MskKafka() | MskExpressKafka() as kafka:
            return _msk(environment, kafka, key)


def _msk(environment: Environment, kafka: MskKafka | MskExpressKafka, key: str | None) -> Login:
    """MSK's certificates are of a public authority, Amazon Trust Services."""
    match kafka.client_auth:
        case "iam":
            return Login(security=_iam(environment.region))
        case "scram":
            return _password("scram-sha-512", f"secret:{msk_scram_secret_name(environment)}", key=key)
        case "mtls":
            return _certificate(kafka.secret)


def _ec2(environment: Environment, kafka: Ec2Kafka, key: str | None) -> Login:
    ca = kafka.ca or f"ssm:{kafka_ca_parameter_name(environment)}"
    if kafka.auth == "mtls":
        return _certificate(kafka.secret, ca=ca)
    return _password("scram-sha-512", f"secret:{kafka_secret_name(environment)}", ca=ca, key=key)


def _external(environment: Environment, kafka: ExternalKafka) -> Login:
    match kafka.auth:
        case "none" if not kafka.tls:
            return Login(security=Plaintext(protocol="plaintext"))
        case "none":
            return Login(security=Tls(protocol="tls", ca=_named(_CA, kafka.ca)), secrets=_pem(_CA, kafka.ca))
        case "mtls":
            return _certificate(kafka.secret, ca=kafka.ca, key=kafka.secret_key, with_password=kafka.key_password)
        case "plain" | "scram-sha-256" | "scram-sha-512" as mechanism:
            return _password(mechanism, kafka.secret, ca=kafka.ca, key=kafka.secret_key)
        case "oauthbearer":
            return _token(kafka)
        case "iam":
            region = region_of_arn(kafka.cluster_arn) if kafka.cluster_arn else environment.region
            return Login(security=_iam(region, kafka.ca), secrets=_pem(_CA, kafka.ca))


def _iam(region: str, ca: str | None = None) -> MskIam:
    return MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", region=region, ca=_named(_CA, ca))


def _password(mechanism: str, secret: str | None, *, ca: str | None = None, key: str | None = None) -> Login:
    username, password = _fields(secret, ("username", "password"), key)
    return Login(
        security=Sasl.model_validate(
            {
                "protocol": "sasl-tls",
                "mechanism": mechanism,
                "username": Secret(env=username.variable),
                "password": Secret(env=password.variable),
                "ca": _named(_CA, ca),
            }
        ),
        secrets=(username, password, *_pem(_CA, ca)),
    )


def _certificate(
    secret: str | None, *, ca: str | None = None, key: str | None = None, with_password: bool = False
) -> Login:
    fields = _fields(secret, ("certificate", "key", *(("key_password",) if with_password else ())), key)
    named = {each.field: Secret(env=each.variable) for each in fields}
    return Login(
        security=Tls.model_validate({"protocol": "tls", **named, "ca": _named(_CA, ca)}),
        secrets=(*fields, *_pem(_CA, ca)),
    )


def _token(kafka: ExternalKafka) -> Login:
    if kafka.oauth is None:
        raise CannotRenderError("kafka.oauth: is missing")
    client, secret = _fields(kafka.secret, ("client_id", "client_secret"), kafka.secret_key)
    token_ca = "KAFKA_TOKEN_CA"  # noqa: S105  the name of a variable
    return Login(
        security=OAuthBearer(
            protocol="sasl-tls",
            mechanism="oauthbearer",
            token_endpoint=kafka.oauth.token_endpoint,
            client_id=Secret(env=client.variable),
            client_secret=Secret(env=secret.variable),
            scope=kafka.oauth.scope,
            extensions=kafka.oauth.extensions,
            token_ca=_named(token_ca, kafka.oauth.ca),
            ca=_named(_CA, kafka.ca),
        ),
        secrets=(client, secret, *_pem(token_ca, kafka.oauth.ca), *_pem(_CA, kafka.ca)),
    )


def _fields(reference: str | None, fields: Iterable[str], key: str | None) -> tuple[InjectedSecret, ...]:
    if reference is None:
        raise CannotRenderError("kafka.secret: is missing")
    return tuple(
        InjectedSecret(variable=f"KAFKA_{field.upper()}", reference=reference, field=field, key=key) for field in fields
    )


def _pem(variable: str, reference: str | None) -> tuple[InjectedSecret, ...]:
    return (InjectedSecret(variable=variable, reference=reference),) if reference else ()


def _named(variable: str, reference: str | None) -> Secret | None:
    return Secret(env=variable) if reference else None
