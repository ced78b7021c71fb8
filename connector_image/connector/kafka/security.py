"""How the brokers are reached, in librdkafka's words. Secrets are read at start and shown nowhere."""

import os
from pathlib import Path
from typing import assert_never

from pydantic import SecretStr

from connector.config import Plaintext, Sasl, Secret, Security, Tls
from connector.errors import ConnectorError


def security_settings(security: Security) -> dict[str, str]:
    """Return librdkafka's settings for it.

    Raises:
        ConnectorError: a secret or a file is not where the configuration says.
    """
    match security:
        case Plaintext():
            return {"security.protocol": "plaintext"}
        case Tls():
            return {"security.protocol": "ssl", **_trust(security.ca)}
        case Sasl():
            encrypted = security.protocol == "sasl-tls"
            return {
                "security.protocol": "sasl_ssl" if encrypted else "sasl_plaintext",
                "sasl.mechanism": security.mechanism.upper(),
                "sasl.username": read_secret(security.username, "source.security.username").get_secret_value(),
                "sasl.password": read_secret(security.password, "source.security.password").get_secret_value(),
                **(_trust(security.ca) if encrypted else {}),
            }
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


def _trust(ca: str | None) -> dict[str, str]:
    if ca is None:
        return {}
    if not Path(ca).is_file():
        raise ConnectorError(f"source.security.ca: {ca} is not there; mount it or correct the path")
    return {"ssl.ca.location": ca}
