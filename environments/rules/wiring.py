"""Rules of routes and deliveries: their ends exist and fit, and nothing goes round in circles or twice."""

from __future__ import annotations

from collections.abc import Iterator

from environments.ends import DeliveryEnd, StreamEnd, TopicEnd
from environments.kafka import Ec2Kafka, ExternalKafka, MskExpressKafka, MskKafka
from environments.routes import Route
from environments.rules.findings import Finding, choices, meant
from environments.rules.parts import Parts, sound

End = TopicEnd | StreamEnd | DeliveryEnd
Node = tuple[str, str]
"""An end as the graph of routes knows it: its kind and its short name."""


def node(end: End) -> Node:
    """The kind and the short name of an end."""
    match end:
        case TopicEnd(topic=name):
            return "topic", name
        case StreamEnd(stream=name):
            return "stream", name
        case DeliveryEnd(delivery=name):
            return "delivery", name


def ends_exist(parts: Parts) -> Iterator[Finding]:
    """Each end of a route, its dead letters', and each source of a delivery, is declared."""
    for route, ends in sound(parts.routes):
        yield from _undeclared(parts, ends.source, ("routes", route, "from"))
        yield from _undeclared(parts, ends.target, ("routes", route, "to"))
        if isinstance(ends.dead_letters, TopicEnd | StreamEnd):
            yield from _undeclared(parts, ends.dead_letters, ("routes", route, "dead_letters"))
    for delivery, reading in sound(parts.deliveries):
        if reading.source is not None:
            yield from _undeclared(parts, reading.source, ("deliveries", delivery, "source"))


def _undeclared(parts: Parts, end: End, path: tuple[str, ...]) -> Iterator[Finding]:
    kind, name = node(end)
    section = {"topic": "topics", "stream": "streams", "delivery": "deliveries"}[kind]
    declared = getattr(parts, section)
    if name not in declared:
        near, known = meant(name, declared), ", ".join(declared)
        yield Finding(
            f"is not declared under {section}",
            f"did you mean {near}?" if near else f"add it to {section}{f', or name one of {known}' if known else ''}",
            (*path, kind),
            name,
        )


def ends_fit(parts: Parts) -> Iterator[Finding]:
    """A route leads from one system into the other."""
    for name, route in sound(parts.routes):
        (from_kind, source), (to_kind, target) = node(route.source), node(route.target)
        path = ("routes", name, "to", to_kind)
        if from_kind == to_kind:
            other = "stream" if from_kind == "topic" else "topic"
            yield Finding(
                f"is a {to_kind}, and so is the source: routes lead between Kafka and Kinesis",
                f"route to a {other}" + (" or a delivery" if from_kind == "topic" else ""),
                path,
                target,
            )
        elif from_kind == "stream" and to_kind == "delivery":
            yield Finding(
                "needs no route: Firehose reads streams itself",
                f"remove the route and set deliveries.{target}.source: {{stream: {source}}}",
                path,
                target,
            )
        elif to_kind == "delivery" and (delivery := parts.deliveries.get(target)) and delivery.source is not None:
            yield Finding(
                "has a source of its own, and Firehose then takes records from nobody else",
                f"remove the route, or deliveries.{target}.source",
                path,
                target,
            )


def no_route_twice(parts: Parts) -> Iterator[Finding]:
    """No two routes lead from the same end to the same end: every record would arrive twice."""
    first: dict[tuple[Node, Node], str] = {}
    for name, route in sound(parts.routes):
        earlier = first.setdefault((node(route.source), node(route.target)), name)
        if earlier != name:
            yield Finding(
                f"moves the same records to the same place as {earlier}", "remove one of them", ("routes", name), name
            )


def no_loops(parts: Parts) -> Iterator[Finding]:
    """Records never come back to where they started, by routes or as dead letters.

    Each loop is told once, at the route that closes it.
    """
    leads_to: dict[Node, list[Node]] = {}
    for name, route in sound(parts.routes):
        for path, source, target in _moves(name, route):
            way_back = _way(leads_to, target, source)
            if way_back is None:
                leads_to.setdefault(source, []).append(target)
            else:
                loop = " -> ".join(f"{kind} {end}" for kind, end in (source, target, *way_back))
                yield Finding(f"closes a loop: {loop}", "remove one route of it", path, target[1] if path[2:] else name)


def _moves(name: str, route: Route) -> Iterator[tuple[tuple[str, ...], Node, Node]]:
    """Where a route's records go, each with the place that says so; without what is refused by itself."""
    source, target = node(route.source), node(route.target)
    if source[0] != target[0]:
        yield ("routes", name), source, target
    if isinstance(route.dead_letters, TopicEnd | StreamEnd):
        dead_letters = node(route.dead_letters)
        if dead_letters not in {source, target}:
            yield ("routes", name, "dead_letters", dead_letters[0]), source, dead_letters


def _way(leads_to: dict[Node, list[Node]], start: Node, goal: Node) -> list[Node] | None:
    """The nodes after ``start`` on a way to ``goal``; None where there is none. Depth first, without recursion."""
    trails: list[tuple[Node, list[Node]]] = [(start, [])]
    seen = {start}
    while trails:
        here, trail = trails.pop()
        if here == goal:
            return trail
        for there in leads_to.get(here, ()):
            if there not in seen:
                seen.add(there)
                trails.append((there, [*trail, there]))
    return None


def firehose_can_read(parts: Parts) -> Iterator[Finding]:
    """Firehose reads topics only of MSK clusters with IAM (Firehose Developer Guide, "Amazon MSK as a source")."""
    if parts.kafka is None:
        return
    for name, delivery in sound(parts.deliveries):
        path = ("deliveries", name, "source")
        if not isinstance(delivery.source, TopicEnd):
            continue
        if isinstance(parts.kafka, ExternalKafka | Ec2Kafka):
            yield Finding(
                f"is a topic, which Firehose can read from MSK only, not from kind: {parts.kafka.kind}",
                f"remove source and add a route to {{delivery: {name}}}",
                (*path, "topic"),
                delivery.source.topic,
            )
        elif "iam" not in parts.kafka.auth:
            yield Finding(
                f"is a topic, which Firehose can read with auth: iam only, not {choices(parts.kafka.auth)}",
                "add iam to kafka.auth, or use a route",
                (*path, "topic"),
                delivery.source.topic,
            )
        elif isinstance(parts.kafka, MskKafka | MskExpressKafka) and not parts.kafka.multi_vpc:
            # MSK refuses it for a cluster that is being made, so nobody can decide it but who deploys:
            # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1775
            yield Finding(
                "is a topic, to which Firehose comes from a VPC of its own",
                "deploy the cluster first, then set kafka.multi_vpc: true and deploy again with this delivery",
                (*path, "topic"),
                delivery.source.topic,
            )
