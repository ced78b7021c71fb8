"""What the exceptions of kafka-python mean to the person at the terminal."""

from __future__ import annotations

import re

from kafka import errors as kafka

from cli.errors import CliError, NotAuthenticatedError, UnreachableError


def explain(error: BaseException) -> CliError:
    """Say in one message what went wrong and what to do."""
    name = type(error).__name__
    text = _text(error)
    if "Authorization" in name:
        return NotAuthenticatedError(f"the Kafka cluster does not allow this: {text}", "have the user's ACLs extended")
    if "Authentication" in name or "Sasl" in name:
        return NotAuthenticatedError(
            f"the Kafka cluster does not accept these credentials: {text}",
            "check kafka.auth, and the login in kafka.secret or kafka.admin_secret",
        )
    if isinstance(error, (kafka.KafkaTimeoutError, kafka.KafkaConnectionError, kafka.RequestTimedOutError)):
        return UnreachableError(f"the Kafka cluster did not answer: {text}", "check its brokers, then try again")
    return CliError(f"Kafka: {text}")


def _text(error: BaseException) -> str:
    """Its words without kafka-python's own before them: ``[Error 58] SaslAuthenticationFailedError: …``."""
    return re.sub(r"^(\[Error \d+\] )?(\w+Error: )*", "", str(error).strip()) or type(error).__name__
