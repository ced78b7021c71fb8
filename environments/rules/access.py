"""Rules of applications: their topics are there, they log in by a way that has ACLs, and each is its own user."""

from __future__ import annotations

from collections.abc import Iterator

from environments.kafka import Ec2Kafka, Kafka
from environments.naming import CONNECTORS_USER, KAFKA_ADMIN, KAFKA_NODE, application_user
from environments.rules.findings import Finding, meant
from environments.rules.parts import Parts, sound

WITHOUT_ACLS = {"iam": "policies of IAM say what clients may do", "none": "all clients are the same to the cluster"}


def applications_have_topics(parts: Parts) -> Iterator[Finding]:
    """What an application reads and writes is declared."""
    for name, application in sound(parts.applications):
        for key in ("reads", "writes"):
            for place, topic in enumerate(getattr(application, key)):
                if topic in parts.topics:
                    continue
                near = meant(topic, parts.topics)
                yield Finding(
                    "is not declared under topics",
                    f"did you mean {near}?" if near else "add it to topics",
                    ("applications", name, key, place),
                    topic,
                )


def applications_can_be_told_apart(parts: Parts) -> Iterator[Finding]:
    """ACLs are of users: without any, or with IAM alone, there is nothing to hold an application to."""
    if parts.kafka is None or not parts.applications:
        return
    ways = ways_of(parts.kafka)
    if not set(ways) <= set(WITHOUT_ACLS):
        return
    yield Finding(
        f"have no users: with kafka.auth {ways[0]} {WITHOUT_ACLS[ways[0]]}",
        "remove them, or set another kafka.auth",
        ("applications",),
    )


def users_are_unique(parts: Parts) -> Iterator[Finding]:
    """No two applications are one user, and none is one that the cluster has for itself or the connectors."""
    taken = {CONNECTORS_USER: "of the connectors"}
    if isinstance(parts.kafka, Ec2Kafka):
        taken |= {KAFKA_ADMIN: "of whoever administers the cluster", KAFKA_NODE: "of the nodes"}
    for name, application in sound(parts.applications):
        user = application_user(name, application.user)
        if user in taken:
            yield Finding(
                f"is the user {taken[user]} already", "give it another user", ("applications", name, "user"), user
            )
        taken.setdefault(user, f"of applications.{name}")


def ways_of(kafka: Kafka) -> tuple[str, ...]:
    """All ways in which clients of a cluster log in."""
    return (kafka.auth,) if isinstance(kafka.auth, str) else kafka.auth
