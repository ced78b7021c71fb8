"""Reaching the Kafka cluster of one environment: its address, its security, and time limits."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResourceType
from kafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    NoError,
    UnknownBrokerIdError,
    UnknownTopicOrPartitionError,
    for_code,
)

from cli.errors import NotFoundError, UnreachableError
from cli.kafka_login import dereference, security
from cli.msk import PREFIX, login_of, msk_bootstrap
from environments import Environment, ExternalKafka, naming

CONNECT_TIMEOUT_SECONDS = 2
"""For all brokers together, the look-up of their names included."""
BOOTSTRAP_TIMEOUT_SECONDS = 6
"""For a first answer in Kafka's protocol; with the connection, a cluster that is not there is told within 10 s."""
REQUEST_TIMEOUT_SECONDS = 20


class AdminClient(KafkaAdminClient):  # type: ignore[misc]  # kafka-python has no types
    """The administration client, without what kafka-python gets wrong.

    It starts its thread and its connections in the constructor, and closes neither when that fails. The broker that it
    once took for the controller it asks for ever, even when that broker is gone. And settings that may not be described
    it takes for none.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - kafka-python's own signature
        try:
            super().__init__(**settings)
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
    return msk_bootstrap(environment, found.removeprefix(PREFIX), login_of(environment, auths))


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
