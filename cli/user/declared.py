"""Which SCRAM users an environment declares, and where their passwords are. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from environments import Ec2Kafka, Environment, ExternalKafka, MskExpressKafka, MskKafka, naming

MECHANISMS = {"scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512", "scram": "SCRAM-SHA-512"}
"""By the words of ``kafka.auth``; MSK and machines of ours know SHA-512 alone."""


@dataclass(frozen=True)
class DeclaredUser:
    """A SCRAM user that has to be there."""

    name: str
    """In commands: of the application, or ``connectors``."""
    user: str | None
    """Who he is to Kafka; None where only the secret tells."""
    secret: str
    """Name or ARN of the secret with ``username`` and ``password``."""
    made_elsewhere: bool = False
    """Whether the secret comes with ``cdk deploy``, or from whoever runs the cluster, and is never made here."""


def mechanism_of(environment: Environment) -> str | None:
    """How users log in with a password that the cluster keeps salted; None where it keeps none."""
    ways = environment.kafka.auth if isinstance(environment.kafka.auth, tuple) else (environment.kafka.auth,)
    return next((MECHANISMS[way] for way in ways if way in MECHANISMS), None)


def on_msk(environment: Environment) -> bool:
    """Whether the cluster takes its users from secrets that are associated with it."""
    return isinstance(environment.kafka, MskKafka | MskExpressKafka)


def declared_users(environment: Environment) -> list[DeclaredUser]:
    """The connectors first, then the applications in the order of the file; none of users with certificates."""
    kafka = environment.kafka
    if mechanism_of(environment) is None:
        return []
    users: list[DeclaredUser] = []
    if isinstance(kafka, ExternalKafka):
        secret = (kafka.secret or "").removeprefix("secret:")
        users.append(DeclaredUser(naming.CONNECTORS_USER, None, secret, made_elsewhere=True))
    else:
        name_of = naming.kafka_secret_name if isinstance(kafka, Ec2Kafka) else naming.msk_scram_secret_name
        name = naming.CONNECTORS_USER
        users.append(DeclaredUser(name, name, name_of(environment), made_elsewhere=True))
    secret_of = naming.msk_application_secret_name if on_msk(environment) else naming.application_secret_name
    for name, application in environment.applications.items():
        user = naming.application_user(name, application.user)
        if "=" not in user:  # the subject of a certificate
            users.append(DeclaredUser(name, user, secret_of(environment, name)))
    return users
