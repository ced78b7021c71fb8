"""How the brokers are reached, and who we are to them."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from connector.config.aws import REGION_NAME, Role
from connector.config.section import BrokenRule, Rules, Secret, Section, no_login

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _path(value: str) -> str:
    if "\n" in value or value.startswith("-----BEGIN"):
        raise ValueError("must be the path of a PEM file, or name where it is found as {env: NAME}, never its content")
    return value


Pem = Annotated[str, Field(min_length=1), AfterValidator(_path)] | Secret


class Plaintext(Section):
    """No encryption, no authentication."""

    protocol: Literal["plaintext"] = Field(description="how connections are made")


class Tls(Section):
    """TLS that verifies the brokers, and where they want it a certificate of ours (mTLS)."""

    protocol: Literal["tls"] = Field(description="how connections are made")
    ca: Pem | None = Field(
        default=None, description="PEM file of the authority, or {env: NAME}; without it the system's"
    )
    certificate: Pem | None = Field(default=None, description="PEM file of our certificate, or {env: NAME}")
    key: Pem | None = Field(default=None, description="PEM file of the certificate's key, or {env: NAME}")
    key_password: Secret | None = Field(default=None, description="where the key's password is found, if it has one")

    def _certificate_and_key(self) -> Iterator[BrokenRule]:
        if self.certificate is None and self.key is not None:
            yield BrokenRule("certificate", "is missing, certificate and key belong together", "add it, or remove key")
        elif self.certificate is not None and self.key is None:
            yield BrokenRule("key", "is missing, certificate and key belong together", "add it, or remove certificate")

    def _password_of_a_key(self) -> Iterator[BrokenRule]:
        if self.key_password is not None and self.key is None:
            yield BrokenRule("key_password", "has no meaning without key", "give key, or remove key_password")

    RULES: ClassVar[Rules] = (_certificate_and_key, _password_of_a_key)


class _OverSasl(Section):
    protocol: Literal["sasl-tls", "sasl-plaintext"] = Field(
        description="how connections are made; in the clear only where nobody listens"
    )
    ca: Pem | None = Field(
        default=None, description="PEM file of the authority, or {env: NAME}; only with sasl-tls, else the system's"
    )

    def _ca_needs_tls(self) -> Iterator[BrokenRule]:
        if self.ca is not None and self.protocol != "sasl-tls":
            yield BrokenRule("ca", "has no meaning with protocol: sasl-plaintext", "use sasl-tls or remove ca")

    RULES: ClassVar[Rules] = (_ca_needs_tls,)


class Sasl(_OverSasl):
    """A user name and a password, over TLS or in the clear."""

    mechanism: Literal["plain", "scram-sha-256", "scram-sha-512"] = Field(
        description="how the password is proven", examples=["scram-sha-512"]
    )
    username: Secret = Field(description="where the user name is found", examples=['{"env": "KAFKA_USERNAME"}'])
    password: Secret = Field(description="where the password is found", examples=['{"env": "KAFKA_PASSWORD"}'])


def _token_endpoint(value: str) -> str:
    no_login(value)
    parts = urlsplit(value)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must be an https URL (http only to this machine): the client's secret is sent to it")
    return value


def _extensions(value: dict[str, str]) -> dict[str, str]:
    for name, content in value.items():
        if not (name.isascii() and name.isalpha()) or name == "auth":
            raise ValueError("the name of an extension must be ASCII letters other than auth (RFC 7628)")
        if not content or not (content.isascii() and content.isprintable()) or "," in content:
            raise ValueError(f"the extension {name!r} must have a value of printable ASCII without a comma")
    return value


class OAuthBearer(_OverSasl):
    """A token that an identity provider gives to a client with an id and a secret (client credentials, KIP-768)."""

    mechanism: Literal["oauthbearer"] = Field(description="how we prove who we are")
    token_endpoint: Annotated[str, AfterValidator(_token_endpoint)] = Field(
        description="where the identity provider gives tokens", examples=["https://login.example.org/oauth2/token"]
    )
    client_id: Secret = Field(description="where the client's id is found", examples=['{"env": "KAFKA_CLIENT_ID"}'])
    client_secret: Secret = Field(
        description="where the client's secret is found", examples=['{"env": "KAFKA_CLIENT_SECRET"}']
    )
    scope: str | None = Field(default=None, min_length=1, description="scope to ask for, several separated by spaces")
    extensions: Annotated[dict[str, str], AfterValidator(_extensions)] = Field(
        default={}, description="SASL extensions that the brokers want beside the token", examples=['{"tenant": "a"}']
    )
    token_ca: Pem | None = Field(
        default=None,
        description="PEM file of the identity provider's authority, or {env: NAME}; without it the system's",
    )


class MskIam(_OverSasl):
    """An AWS identity, as Amazon MSK takes it; the permission is kafka-cluster:Connect and its like."""

    protocol: Literal["sasl-tls"] = Field(description="how connections are made")
    mechanism: Literal["aws-msk-iam"] = Field(description="how we prove who we are")
    region: str | None = Field(
        default=None,
        pattern=REGION_NAME,
        max_length=63,
        description="the cluster's region; without it the one the AWS settings name",
        examples=["eu-west-1"],
    )
    role: Role | None = Field(
        default=None, description="role to assume for Kafka; without it the environment's own identity"
    )


def _refuse_kerberos(data: Any) -> Any:  # noqa: ANN401 - whatever the text holds
    mechanism = data.get("mechanism") if isinstance(data, dict) else None
    if isinstance(mechanism, str) and mechanism.lower() in {"gssapi", "kerberos"}:
        raise ValueError(
            "mechanism: gssapi (Kerberos) is not there: the Kafka client of the image is built without it; give the"
            " connector a listener with scram-sha-512, oauthbearer or mTLS"
        )
    return data


_Mechanism = Annotated[Sasl | OAuthBearer | MskIam, Field(discriminator="mechanism")]

Security = Annotated[Plaintext | Tls | _Mechanism, Field(discriminator="protocol"), BeforeValidator(_refuse_kerberos)]
