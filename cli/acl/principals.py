"""Who the connectors of an environment are to its cluster, and who the command line is."""

from __future__ import annotations

from cli.errors import CliError
from cli.kafka_login import security
from cli.kafka_secrets import user_of
from environments import Ec2Kafka, Environment, ExternalKafka, naming

WITH_IAM = "iam"
WITHOUT_LOGIN = "none"


def connectors_login(environment: Environment) -> str:
    """How the connectors log in, in the word of ``kafka.auth``."""
    kafka = environment.kafka
    return kafka.auth if isinstance(kafka, Ec2Kafka | ExternalKafka) else kafka.client_auth


def connectors_principal(environment: Environment) -> str | None:
    """Such as ``User:connectors``; None where ACLs do not concern them, since they log in with IAM or not at all.

    Raises:
        CliError: they log in with a certificate or a token, and the environment does not tell as whom.
    """
    login = connectors_login(environment)
    if login in (WITH_IAM, WITHOUT_LOGIN):
        return None
    if environment.connectors.principal:
        return f"User:{environment.connectors.principal}"
    if login in ("mtls", "oauthbearer"):
        proof = "certificate" if login == "mtls" else "token"
        raise CliError(
            f"who the connectors of environment {environment.name} are to Kafka is unknown: they log in with a {proof}",
            "write it as connectors.principal: "
            + ("the common name" if isinstance(environment.kafka, Ec2Kafka) else f"the subject of the {proof}"),
        )
    if isinstance(environment.kafka, ExternalKafka):
        return f"User:{user_of(environment, environment.kafka.secret or '')}"
    return f"User:{naming.CONNECTORS_USER}"


def own_principal(environment: Environment) -> str | None:
    """Who this command line is to the cluster, where that is a user with a name."""
    user = security(environment).get("sasl_plain_username")
    return f"User:{user}" if user else None
