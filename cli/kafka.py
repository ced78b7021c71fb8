"""Reaching the Kafka cluster of one environment: its address, its security, and time limits."""

from __future__ import annotations

import queue
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResourceType
from kafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    NoError,
    SaslAuthenticationFailedError,
    UnknownBrokerIdError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
    for_code,
)
from kafka.net.compat import KafkaNetClient

from cli.errors import NotAuthenticatedError, NotFoundError, RefusedError, UnreachableError
from cli.kafka_login import security, security_as
from cli.kafka_secrets import dereference
from cli.msk import PREFIX, login_of, msk_bootstrap
from environments import Environment, ExternalKafka, naming

CONNECT_TIMEOUT_SECONDS = 2
"""For all brokers together, the look-up of their names included."""
BOOTSTRAP_TIMEOUT_SECONDS = 6
"""For a first answer in Kafka's protocol; with the connection, a cluster that is not there is told within 10 s."""
REQUEST_TIMEOUT_SECONDS = 20
HELLO = bytes.fromhex("0000000a 0012 0000 00000000 ffff".replace(" ", ""))
"""ApiVersions in version 0, which every broker answers: length, key, version, number, no client id."""
REFUSALS = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError, IllegalSaslStateError)
ALERT = "ALERT"
"""In the reasons of OpenSSL, what the other side has told."""


class Connections(KafkaNetClient):  # type: ignore[misc]  # kafka-python has no types
    """The connections of a client, which give up at once where a broker does not accept who they are.

    kafka-python goes on trying until its time is over, and then knows nothing but the time-out. And of a broker that
    says why and hangs up, it mostly hears the end alone: what comes together with the end it throws away.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - kafka-python's own signature
        super().__init__(**settings)
        back_off, build_transport = self._manager.update_backoff, self._manager._build_transport  # noqa: SLF001

        def refused_or_back_off(node_id: Any) -> Any:  # noqa: ANN401 - kafka-python's own signature
            if isinstance(error := sys.exception(), REFUSALS):  # it backs off where it has caught the reason
                raise error
            return back_off(node_id)

        async def hearing_out(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - kafka-python's own signature
            transport = await build_transport(*arguments, **options)
            receive = transport._sock_recv  # noqa: SLF001

            def received() -> tuple[bytes, Exception | None]:
                data, error = receive()
                return data, None if data else error  # the end is still the end when it reads again

            transport._sock_recv = received  # noqa: SLF001
            return transport

        self._manager.update_backoff = refused_or_back_off
        self._manager._build_transport = hearing_out  # noqa: SLF001


class AdminClient(KafkaAdminClient):  # type: ignore[misc]  # kafka-python has no types
    """The administration client, without what kafka-python gets wrong.

    It starts its thread and its connections in the constructor, and closes neither when that fails. The broker that it
    once took for the controller it asks for ever, even when that broker is gone. And settings that may not be described
    it takes for none.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - kafka-python's own signature
        try:
            super().__init__(kafka_client=Connections, **settings)
        except Exception:
            self._closed = False
            self.close()
            raise

    async def _send_request_to_controller(self, *arguments: Any) -> Any:  # noqa: ANN401 - kafka-python's own signature
        """Any broker takes what is for the controller (KIP-590); another one is asked where nothing has been sent."""
        try:
            return await super()._send_request_to_controller(*arguments)
        except (NodeNotReadyError, UnknownBrokerIdError):
            self._controller_id = None
            return await super()._send_request_to_controller(*arguments)
        except KafkaConnectionError:
            self._controller_id = None
            raise

    @classmethod
    def _describe_configs_process_responses(cls, responses: Sequence[Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - kafka-python's own signature
        """Raise the error of a resource; one that is not there, or not yet, has no settings."""
        for result in (result for response in responses for result in response.results):
            if result.error_code not in (NoError.errno, UnknownTopicOrPartitionError.errno):
                kind = ConfigResourceType(result.resource_type).name.lower()
                raise for_code(result.error_code)(f"to describe the settings of {kind} {result.resource_name}")
        return super()._describe_configs_process_responses(responses, *arguments, **options)


@contextmanager
def admin_client(environment: Environment) -> Iterator[KafkaAdminClient]:
    """A connected administration client of the environment's cluster.

    Raises:
        UnreachableError: no broker answered within 8 seconds.
        NotAuthenticatedError: what the environment refers to has to be read with credentials of another account.
        NotFoundError: the parameter or secret that the environment names is not there.
        CliError: clusters of this kind cannot be reached from here.
        RefusedError: it is not the cluster whose id the environment tells.
    """
    address = bootstrap(environment)
    way_out = (
        "start the sandbox: streamops sandbox up"
        if environment.sandbox
        else "check kafka.bootstrap of the environment, the network, and whether kafka.tls and kafka.auth fit"
    )
    settings = security(environment)
    check_reachable(address, settings.get("ssl_context"), way_out, says=None if "sasl_mechanism" in settings else HELLO)
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
        _check_identity(environment, client)
        yield client
    finally:
        client.close()


def logs_in(environment: Environment, user: str, password: str) -> bool:
    """Whether the cluster lets this SCRAM user in with this password.

    Raises:
        UnreachableError: no broker answered.
    """
    try:
        client = AdminClient(
            bootstrap_servers=bootstrap(environment).split(","),
            client_id="streamops",
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_SECONDS * 1000,
            **security_as(environment, user, password),
        )
    except SaslAuthenticationFailedError:
        return False
    except KafkaTimeoutError as error:
        raise UnreachableError(f"no Kafka broker answers user {user}", "check the brokers, then try again") from error
    client.close()
    return True


def _check_identity(environment: Environment, client: KafkaAdminClient) -> None:
    """See that this is the cluster that the environment means, before anything is read or changed there."""
    wanted = environment.kafka.cluster_id
    if wanted and (found := client.describe_cluster()["cluster_id"]) != wanted:
        raise RefusedError(
            f"the cluster that answers is {found}, and kafka.cluster_id of environment {environment.name} is {wanted}",
            "nothing overrides this; check kafka.bootstrap, and kafka.cluster_id where the cluster was made anew",
        )


def bootstrap(environment: Environment) -> str:
    """The ``host:port,host:port`` of the cluster, looked up where the environment holds a reference only."""
    if environment.sandbox:
        from sandbox.state import running_sandbox

        return running_sandbox(environment.name).bootstrap
    kafka = environment.kafka
    if isinstance(kafka, ExternalKafka):
        found = kafka.bootstrap
        if found.startswith("ssm:"):
            found = dereference(environment, found).strip()
    else:
        found = _made(environment)
    if not found.startswith(PREFIX):
        return found
    auths = kafka.auth if isinstance(kafka.auth, tuple) else (kafka.auth,)
    tls = not isinstance(kafka, ExternalKafka) or kafka.tls
    return msk_bootstrap(environment, found.removeprefix(PREFIX), login_of(environment, auths, tls=tls))


def _made(environment: Environment) -> str:
    """What the stacks wrote down of the cluster that they made."""
    reference = naming.bootstrap_reference(environment.name)
    try:
        return dereference(environment, reference)
    except NotFoundError as error:
        raise NotFoundError(
            f"the Kafka cluster of environment {environment.name} is not deployed: {reference} does not exist",
            f"deploy it: npx cdk deploy '{environment.name}/*'",
        ) from error


def check_reachable(address: str, tls: ssl.SSLContext | None, way_out: str, *, says: bytes | None = None) -> None:
    """Tell at once, and why, where no broker can be talked to.

    kafka-python goes on trying a refused connection or a certificate that it does not trust until its time is over, and
    then knows nothing but the time-out.

    Args:
        address: the brokers.
        tls: how to encrypt.
        way_out: what to do where none is there.
        says: over TLS, what is sent to hear whether the certificate is accepted, or one is missing: with TLS 1.3 the
            server tells only after the handshake.

    Raises:
        UnreachableError: no broker takes a connection, with the reason of each.
        NotAuthenticatedError: they do not accept our certificate, or want one.
    """
    brokers = list(dict.fromkeys(map(str.strip, address.split(","))))
    told: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
    for broker in brokers:
        # Daemons: a name server that does not answer would otherwise hold up the end of the process.
        threading.Thread(target=lambda b: told.put((b, _obstacle(b, tls, says))), args=(broker,), daemon=True).start()
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
    if any(ALERT in reason for reason in reasons.values()):
        raise NotAuthenticatedError(
            f"the Kafka cluster does not accept us by certificate: {shown}",
            "check kafka.auth, and the certificate in the secret: who signed it, and until when it is good",
        )
    raise UnreachableError(f"no Kafka broker answers at {shown}", way_out)


def _obstacle(broker: str, tls: ssl.SSLContext | None, says: bytes | None) -> str | None:
    """Why a broker cannot be talked to, or None where it can."""
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            if tls:
                with tls.wrap_socket(connection, server_hostname=host) as encrypted:
                    if says:
                        encrypted.sendall(says)
                        encrypted.recv(1)
    except ssl.SSLError as error:
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    except (OSError, ValueError, OverflowError) as error:  # a port that is no number, or none of 16 bits
        return str(getattr(error, "strerror", None) or error)
    return None
