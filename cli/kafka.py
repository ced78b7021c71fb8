"""Reaching the Kafka cluster of one environment: its address, its security, and time limits."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaTimeoutError

from cli.aws import Aws
from cli.errors import CliError, NotFoundError, UnreachableError
from environments import Environment, ExternalKafka

CONNECT_TIMEOUT_SECONDS = 2
"""For all brokers together, the look-up of their names included."""
BOOTSTRAP_TIMEOUT_SECONDS = 6
"""For a first answer in Kafka's protocol; with the connection, a cluster that is not there is told within 10 s."""
REQUEST_TIMEOUT_SECONDS = 20

SCRAM = {"scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512", "plain": "PLAIN"}


class AdminClient(KafkaAdminClient):  # type: ignore[misc]  # kafka-python has no types
    """The administration client, which leaves nothing behind where it cannot connect.

    kafka-python starts its thread and its connections in the constructor, and closes neither when that fails.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - kafka-python's own signature
        try:
            super().__init__(**settings)
        except Exception:
            self._closed = False
            self.close()
            raise


@contextmanager
def admin_client(environment: Environment) -> Iterator[KafkaAdminClient]:
    """A connected administration client of the environment's cluster.

    Raises:
        UnreachableError: no broker answered within 8 seconds.
        NotAuthenticatedError: what the environment refers to has to be read with credentials of another account.
        NotFoundError: the parameter or secret that the environment names is not there.
        CliError: clusters of this kind cannot be reached from here.
    """
    address = bootstrap(environment)
    way_out = (
        "start the sandbox: streamops sandbox up"
        if environment.sandbox
        else "check kafka.bootstrap of the environment, the network, and whether kafka.tls and kafka.auth fit"
    )
    settings = security(environment)
    check_reachable(address, settings.get("ssl_context"), way_out)
    try:
        client = AdminClient(
            bootstrap_servers=address.split(","),
            client_id="streamops",
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_SECONDS * 1000,
            request_timeout_ms=REQUEST_TIMEOUT_SECONDS * 1000,
            **settings,
        )
    except KafkaTimeoutError as error:
        raise UnreachableError(f"no Kafka broker answers at {address}", way_out) from error
    try:
        yield client
    finally:
        client.close()


def bootstrap(environment: Environment) -> str:
    """The ``host:port,host:port`` of the cluster, looked up where the environment holds a reference only."""
    if environment.sandbox:
        from sandbox.state import running_sandbox

        return running_sandbox(environment.name).bootstrap
    kafka = _external(environment)
    return _dereference(environment, kafka.bootstrap) if kafka.bootstrap.startswith("ssm:") else kafka.bootstrap


def check_reachable(address: str, tls: ssl.SSLContext | None, way_out: str) -> None:
    """Tell at once, and why, where no broker can be talked to.

    kafka-python goes on trying a refused connection or a certificate that it does not trust until its time is over, and
    then knows nothing but the time-out.

    Raises:
        UnreachableError: no broker takes a connection, with the reason of each.
    """
    brokers = list(dict.fromkeys(map(str.strip, address.split(","))))
    told: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
    for broker in brokers:
        # Daemons: a name server that does not answer would otherwise hold up the end of the process.
        threading.Thread(target=lambda b: told.put((b, _obstacle(b, tls))), args=(broker,), daemon=True).start()
    reasons: dict[str, str] = {}
    deadline = time.monotonic() + CONNECT_TIMEOUT_SECONDS
    while len(reasons) < len(brokers):
        try:
            broker, reason = told.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if reason is None:
            return
        reasons[broker] = reason
    shown = ", ".join(f"{broker} ({reasons.get(broker, 'timed out')})" for broker in brokers)
    raise UnreachableError(f"no Kafka broker answers at {shown}", way_out)


def _obstacle(broker: str, tls: ssl.SSLContext | None) -> str | None:
    """Why a broker cannot be talked to, or None where it can."""
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            if tls:
                tls.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLError as error:
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    except (OSError, ValueError, OverflowError) as error:  # a port that is no number, or none of 16 bits
        return str(getattr(error, "strerror", None) or error)
    return None


def security(environment: Environment) -> dict[str, Any]:
    """The client's security settings as kafka-python names them.

    Raises:
        CliError: the environment's way of authentication is not one of none, plain and SCRAM, or what it refers to is
            no certificate, or no user with a password.
    """
    kafka = _external(environment)
    settings: dict[str, Any] = {}
    if kafka.tls:
        settings["ssl_context"] = _trusting(environment, kafka.ca) if kafka.ca else ssl.create_default_context()
    if kafka.auth == "none":
        return settings | {"security_protocol": "SSL" if kafka.tls else "PLAINTEXT"}
    if kafka.auth not in SCRAM or not kafka.secret:
        raise CliError(
            f"kafka.auth {kafka.auth!r} of environment {environment.name} is not supported by this command",
            f"supported: none, {', '.join(sorted(SCRAM))}",
        )
    user = _credentials(environment, kafka.secret)
    return settings | {
        "security_protocol": "SASL_SSL" if kafka.tls else "SASL_PLAINTEXT",
        "sasl_mechanism": SCRAM[kafka.auth],
        "sasl_plain_username": user["username"],
        "sasl_plain_password": user["password"],
    }


def _external(environment: Environment) -> ExternalKafka:
    kafka = environment.kafka
    if isinstance(kafka, ExternalKafka):
        return kafka
    raise CliError(
        f"environment {environment.name} has kafka.kind {kafka.kind!r}, which this version cannot reach yet",
        "reachable now: external",
    )


def _trusting(environment: Environment, reference: str) -> ssl.SSLContext:
    """TLS that trusts the authorities of ``kafka.ca``, and no others."""
    try:
        return ssl.create_default_context(cadata=_dereference(environment, reference))
    except (ssl.SSLError, TypeError, KeyError) as error:  # TypeError: not ASCII, KeyError: a binary secret
        raise CliError(
            f"kafka.ca {reference} of environment {environment.name} holds no certificate in PEM form",
            "store the text of the authority's certificate there: -----BEGIN CERTIFICATE----- …",
        ) from error


def _credentials(environment: Environment, reference: str) -> dict[str, str]:
    """The user of a secret in the form that MSK and most others use: JSON with ``username`` and ``password``."""
    try:
        user = json.loads(_dereference(environment, reference))
        return {"username": user["username"], "password": user["password"]}
    except (ValueError, KeyError, TypeError) as error:
        raise CliError(
            f"kafka.secret {reference} of environment {environment.name} is not JSON with username and password",
            'store it as {"username": "…", "password": "…"}',
        ) from error


def _dereference(environment: Environment, reference: str) -> str:
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
