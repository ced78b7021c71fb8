"""What the environment only refers to: addresses, certificates and logins, in Parameter Store and Secrets Manager."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.aws import Aws
from cli.errors import CliError, NotFoundError
from environments import Environment


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


def user_of(environment: Environment, reference: str) -> str:
    """The name of the user in a secret; see ``credentials``."""
    return credentials(environment, reference)["username"]


def credentials(environment: Environment, reference: str) -> dict[str, str]:
    """The user of a secret in the form that MSK and most others use: JSON with ``username`` and ``password``."""
    return _entries(environment, reference, ("username", "password"))


def client_of_provider(environment: Environment, reference: str) -> dict[str, str]:
    """Who asks the identity provider for tokens: JSON with ``client_id`` and ``client_secret``."""
    return _entries(environment, reference, ("client_id", "client_secret"))


def trusting(environment: Environment, reference: str, what: str = "kafka.ca") -> ssl.SSLContext:
    """TLS that trusts the authorities of a certificate, and no others."""
    try:
        return ssl.create_default_context(cadata=dereference(environment, reference))
    except (ssl.SSLError, TypeError, KeyError) as error:  # TypeError: not ASCII, KeyError: a binary secret
        raise CliError(
            f"{what} {reference} of environment {environment.name} holds no certificate in PEM form",
            "store the text of the authority's certificate there: -----BEGIN CERTIFICATE----- …",
        ) from error


def show_certificate(
    environment: Environment, context: ssl.SSLContext, reference: str, *, key_password: bool = False
) -> None:
    """Let a connection prove who it is by the certificate of a secret: JSON with ``certificate`` and ``key``, both PEM.

    Python reads them from files only; these are gone again before anything is connected.
    """
    keys = ("certificate", "key", *(("key_password",) if key_password else ()))
    entries = _entries(environment, reference, keys)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        file.touch(mode=0o600)
        file.write_text(f"{entries['key'].strip()}\n{entries['certificate'].strip()}\n", "utf-8")
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(file, password=entries.get("key_password", ""))
        except ssl.SSLError as error:
            raise CliError(
                f"{reference} of environment {environment.name} holds no certificate with its key in PEM form"
                + (", or key_password does not open the key" if key_password else ""),
                "store the certificate (and those between it and its authority) and its key"
                + ("" if key_password else "; where the key has a password, set kafka.key_password: true"),
            ) from error


def _entries(environment: Environment, reference: str, keys: tuple[str, ...]) -> dict[str, str]:
    """These entries of a secret; what it holds instead is never told."""
    try:
        found = json.loads(dereference(environment, reference))
        if isinstance(found, Mapping) and all(isinstance(found.get(key), str) for key in keys):
            return {key: found[key] for key in keys}
    except (ValueError, KeyError):  # KeyError: a binary secret
        pass
    shape = ", ".join(f'"{key}": "…"' for key in keys)
    raise CliError(
        f"kafka.secret {reference} of environment {environment.name} is not JSON with {_list(keys)}",
        f"store it as {{{shape}}}",
    )


def _list(keys: tuple[str, ...]) -> str:
    return f"{', '.join(keys[:-1])} and {keys[-1]}"
