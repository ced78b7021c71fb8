"""How the brokers are reached, in librdkafka's words. Secrets are read where they are used and shown nowhere."""

import os
from pathlib import Path
from typing import Any, assert_never

from pydantic import SecretStr

from connector.aws.explained import explained
from connector.aws.identity import Identity
from connector.config import MskIam, OAuthBearer, Pem, Plaintext, Sasl, Secret, Security, Tls
from connector.errors import ConnectorError, NotAuthenticated
from connector.kafka.msk_iam import MskIamTokens
from connector.sender import CredentialsUnavailable

_PLACE = "source.security"
_PEM_KEYS = frozenset({"ca", "certificate", "key", "token_ca"})


def security_settings(security: Security) -> dict[str, Any]:
    """Return librdkafka's settings for it, the same for a consumer, a producer and an admin client.

    With MSK IAM they hold a callback, so make them anew for each client.

    Raises:
        ConnectorError: secrets or files are not where the configuration says, or the AWS settings make no sense.
        NotAuthenticated: there are no AWS credentials to log in with.
    """
    _require_all(security)
    match security:
        case Plaintext():
            return {"security.protocol": "plaintext"}
        case Tls():
            return {"security.protocol": "ssl", **_pem("ssl.ca", security.ca, "ca"), **_own_certificate(security)}
        case Sasl():
            username, password = read_login(security)
            login: dict[str, Any] = {
                "sasl.mechanism": security.mechanism.upper(),
                "sasl.username": username.get_secret_value(),
                "sasl.password": password.get_secret_value(),
            }
        case OAuthBearer():
            login = _oidc(security)
        case MskIam():
            login = {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": _msk_iam(security)}
        case _:
            assert_never(security)
    encrypted = security.protocol == "sasl-tls"
    return {
        "security.protocol": "sasl_ssl" if encrypted else "sasl_plaintext",
        **login,
        **_pem("ssl.ca", security.ca, "ca"),
    }


def read_login(security: Sasl) -> tuple[SecretStr, SecretStr]:
    """Read the user name and the password, which may have changed since.

    Raises:
        ConnectorError: secrets or files are not where the configuration says.
    """
    try:
        return (
            read_secret(security.username, f"{_PLACE}.username"),
            read_secret(security.password, f"{_PLACE}.password"),
        )
    except ConnectorError:
        _require_all(security)
        raise


def describe(security: Security) -> tuple[str, str]:
    """Return how we prove who we are, as people call it, and what to look at when that is refused."""
    match security:
        case Plaintext():
            return "no login", f"the brokers may want TLS or a login; correct {_PLACE}"
        case Tls(certificate=None):
            return "TLS without a certificate", f"the brokers may want one; set {_PLACE}.certificate and key"
        case Tls():
            return "a TLS certificate", f"correct {_PLACE}.certificate and key, or let the brokers trust its authority"
        case Sasl():
            return (
                f"SASL {security.mechanism.upper()}",
                f"correct what {_PLACE}.username and password name, or the mechanism",
            )
        case OAuthBearer():
            return (
                "SASL OAUTHBEARER",
                f"check {_PLACE}.token_endpoint, client_id, client_secret and scope, and what tokens the brokers take",
            )
        case MskIam():
            return (
                "AWS MSK IAM",
                f"check the AWS credentials, {_PLACE}.region and role, and that they allow kafka-cluster:Connect",
            )
        case _:
            assert_never(security)


def read_secret(secret: Secret, path: str) -> SecretStr:
    """Read a secret from where it is found; `path` names its place in the configuration.

    Raises:
        ConnectorError: it is not there or empty.
    """
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        if not value:
            raise ConnectorError(f"{path}.env: the environment variable {secret.env} is not set or empty; set it")
        return SecretStr(value)
    file = Path(secret.file or "")
    try:
        # Files written by people and by most tools end with a newline that is no part of the secret.
        value = file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectorError(f"{path}.file: {file} cannot be read ({error}); mount it or correct the path") from None
    if not value:
        raise ConnectorError(f"{path}.file: {file} is empty; write the secret into it")
    return SecretStr(value)


def _require_all(security: Security) -> None:
    """Look for all secrets and files, so that one that is missing does not hide the next.

    Raises:
        ConnectorError: some are not there; it names each by its variable or its file.
    """
    missing: list[str] = []
    for name in type(security).model_fields:
        value = getattr(security, name)
        try:
            if isinstance(value, Secret):
                read_secret(value, f"{_PLACE}.{name}")
            elif name in _PEM_KEYS:
                _pem(name, value, name)
        except ConnectorError as error:
            missing.append(str(error))
    if missing:
        raise ConnectorError("; and ".join(missing))


def _own_certificate(tls: Tls) -> dict[str, str]:
    settings = {
        **_pem("ssl.certificate", tls.certificate, "certificate"),
        **_pem("ssl.key", tls.key, "key"),
    }
    if tls.key_password is not None:
        password = read_secret(tls.key_password, f"{_PLACE}.key_password")
        settings["ssl.key.password"] = password.get_secret_value()
    return settings


def _oidc(security: OAuthBearer) -> dict[str, str]:
    # librdkafka fetches the tokens itself, on a thread of its own: they are fresh also while nobody polls.
    settings = {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": security.token_endpoint,
        "sasl.oauthbearer.client.id": read_secret(security.client_id, f"{_PLACE}.client_id").get_secret_value(),
        "sasl.oauthbearer.client.secret": read_secret(
            security.client_secret, f"{_PLACE}.client_secret"
        ).get_secret_value(),
        **_pem("https.ca", security.token_ca, "token_ca"),
    }
    if security.scope is not None:
        settings["sasl.oauthbearer.scope"] = security.scope
    if security.extensions:
        settings["sasl.oauthbearer.extensions"] = ",".join(f"{k}={v}" for k, v in security.extensions.items())
    return settings


def _msk_iam(security: MskIam) -> MskIamTokens:
    with explained(f"the AWS settings of {_PLACE}", f"{_PLACE}.region"):
        identity = Identity(security.region, security.role)
    if identity.region is None:
        raise ConnectorError(f"{_PLACE}.region: is missing, and the AWS settings name none; set it or AWS_REGION")
    try:
        # A callback that raises while its client is made ends in a SystemError after ten seconds.
        identity.credentials()
    except CredentialsUnavailable as error:
        raise NotAuthenticated(
            f"{_PLACE}: {error}; give the process a role, a profile (AWS_PROFILE) or keys, or correct {_PLACE}.role"
        ) from None
    return MskIamTokens(identity, identity.region)


def _pem(setting: str, pem: Pem | None, key: str) -> dict[str, str]:
    """Return the setting for a file, or for its text where it comes in a variable."""
    if pem is None:
        return {}
    place = f"{_PLACE}.{key}"
    if isinstance(pem, Secret):
        text = read_secret(pem, place)
        if pem.file is None:
            return {f"{setting}.pem": text.get_secret_value()}
        return {f"{setting}.location": pem.file}
    if not Path(pem).is_file():
        raise ConnectorError(f"{place}: {pem} is not there; mount it or correct the path")
    return {f"{setting}.location": pem}
