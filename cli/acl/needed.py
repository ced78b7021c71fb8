"""Which ACLs the routes and applications of an environment need. No I/O.

To read or to write a topic or a group includes to describe it, so no ACL says that besides.
"""

from __future__ import annotations

from collections.abc import Iterator

from cli.acl.entry import ANY, LITERAL, PREFIXED, Acl
from environments import Application, Environment, TopicEnd, naming

Needed = dict[Acl, str]
"""ACLs, and what each is needed for."""


def needed(environment: Environment, connectors: str | None) -> Needed:
    """All ACLs that have to be there, in the order of the file.

    Args:
        environment: whose routes and applications.
        connectors: who the connectors are, such as ``User:connectors``; None where no ACL concerns them.
    """
    found: Needed = {}
    if connectors:
        for route in environment.routes:
            for acl in _of_route(environment, route, connectors):
                found.setdefault(acl, f"route {route} needs it")
    for name, application in environment.applications.items():
        for acl in _of_application(environment, name, application):
            found.setdefault(acl, f"application {name} needs it")
    return found


def _of_route(environment: Environment, name: str, principal: str) -> Iterator[Acl]:
    """What ``docs/connector.md`` tells under "Kafka ACLs"."""
    route = environment.routes[name]
    group = naming.consumer_group(environment, name)
    letters = route.dead_letters if isinstance(route.dead_letters, TopicEnd) else None
    if isinstance(route.source, TopicEnd):
        source = naming.topic_name(environment, route.source.topic)
        yield Acl(principal, "topic", source, "read")
        if letters:  # what fits into a dead letter depends on how large records of both topics may be
            yield Acl(principal, "topic", source, "describe-configs")
        yield Acl(principal, "group", group, "read")
    if isinstance(route.target, TopicEnd):
        yield Acl(principal, "topic", naming.topic_name(environment, route.target.topic), "write")
        yield Acl(principal, "group", group, "read")
        yield Acl(principal, "transactional-id", group, "write", PREFIXED)
    if letters:
        topic = naming.topic_name(environment, letters.topic)
        yield Acl(principal, "topic", topic, "write")
        yield Acl(principal, "topic", topic, "describe-configs")


def _of_application(environment: Environment, name: str, application: Application) -> Iterator[Acl]:
    principal = f"User:{naming.application_user(name, application.user)}"
    for topic in application.reads:
        yield Acl(principal, "topic", naming.topic_name(environment, topic), "read")
    groups = application.groups or ((name,) if application.reads else ())
    for group in groups:
        yield Acl(principal, "group", *_pattern(group, "read"))
    for topic in application.writes:
        yield Acl(principal, "topic", naming.topic_name(environment, topic), "write")
    for identifier in application.transactional_ids:
        yield Acl(principal, "transactional-id", *_pattern(identifier, "write"))


def _pattern(text: str, operation: str) -> tuple[str, str, str]:
    """Name, operation and pattern of what the file says in one word."""
    return (text.removesuffix(ANY), operation, PREFIXED) if text.endswith(ANY) else (text, operation, LITERAL)
