"""From the keys of a connector to routes, with an answer for every key.

1. Which sink it is, which topics it reads and where it writes; without these there is no route.
2. Every other key, in the order of the file: it is written, left out or refused, each with the reason. An empty one is
   left out: templates are full of them.
3. A route, or a configuration of the image, for each topic. What the image would not take is refused by its key.

Nothing is written when a key is refused: what would come out would not mean the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.connector.awslabs import connect, keys
from cli.connector.awslabs.draft import CONSUMER_PREFIXES, Draft, Kind, LeftOutKey, RefusedKeyError, Remark
from cli.connector.awslabs.names import Names, short_name
from cli.connector.awslabs.properties import CONNECTOR_CLASS, is_empty
from cli.connector.awslabs.security import write_security
from cli.errors import CliError
from environments import Environment
from environments.rules.findings import meant

SINKS: dict[str, Kind] = {"AmazonKinesisSinkConnector": "kinesis", "FirehoseSinkConnector": "firehose"}
TARGETS: dict[Kind, str] = {"kinesis": "streamName", "firehose": "deliveryStream"}
_DEAD_LETTERS = "errors.deadletterqueue.topic.name"
_EMPTY = "empty, as if it were not there"


@dataclass
class Translation:
    """What a configuration became."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Routes of an environment file, or configurations of the image, by name."""
    remarks: list[Remark] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)
    """What is left to the reader, one line each."""

    @property
    def refused(self) -> list[Remark]:
        """The keys for whose sake nothing can be written."""
        return [remark for remark in self.remarks if remark.fate == "refused"]

    def refuse(self, remark: Remark) -> None:
        """Say of a key that was answered for already that it is refused after all; the first reason stays."""
        self.remarks = [remark if each.key == remark.key and each.fate != "refused" else each for each in self.remarks]


def translate(
    properties: Mapping[str, str], *, standalone: bool = False, environment: Environment | None = None, topic: str = ""
) -> Translation:
    """Translate a configuration into routes of an environment file, or into configurations for the image alone.

    Args:
        properties: of the connector, and of its worker where they are known.
        standalone: write the configuration of the image.
        environment: the one that the routes are meant for; its names are used, its rules not yet asked.
        topic: only this one of several topics.

    Raises:
        CliError: the sink, its topics, its target or its name is not told.
    """
    given = {key: value for key, value in properties.items() if not is_empty(value)}
    kind = _kind(given)
    draft = Draft(kind, standalone, given, environment)
    translation = Translation()
    names = Names(environment)
    name, topics, target = _identity(given, kind)
    if topic and topic not in topics:
        raise CliError(f"{topic} is none of the topics", f"there are: {', '.join(topics)}")
    several = len(topics) > 1
    written = {
        "name": "the names of the routes, each with its topic" if several else "the name of the route",
        CONNECTOR_CLASS: f"a route to {draft.service}",
        "topics": "from: a route for each topic" if several else "from",
        TARGETS[kind]: "to",
        _DEAD_LETTERS: "dead_letters",
    }
    remarks = {
        key: Remark(key, value, "carried", written[key]) if key in written else _remark(draft, key, value)
        for key, value in sorted(given.items(), key=_overriding)
    }
    translation.remarks = [
        remarks.get(key) or Remark(key, value, "left out", _EMPTY) for key, value in properties.items()
    ]
    if standalone:
        _finish_standalone(draft, translation, name)
    if kind == "firehose":
        draft.sink["delimiter"] = "none"
        translation.to_do.append(
            "delimiter: none keeps records as they came, one after the other; take it out to have a line each"
        )
    elif "partition_key" not in draft.sink:
        # Not written: it would take the keys of all other records as well.
        translation.to_do.append(
            "records without a key, which were kept together by Kafka partition, spread over all shards; where their "
            f"order is needed, set {'sink.' if standalone else ''}partition_key: partition, which then counts for "
            "records with a key too"
        )
    rejected = given.get(_DEAD_LETTERS)
    if rejected:
        draft.top["dead_letters"] = {"topic": rejected if standalone else names.of("topics", rejected)}
    for each in [topic] if topic else topics:
        route = short_name(f"{name}-{each}" if several else name, translation.documents)
        if standalone:
            translation.documents[route] = _configuration(draft, route, each, target)
        else:
            translation.documents[route] = _route(draft, names, each, target)
    if "bootstrap" in draft.source:
        _ask_image(draft, translation)
    translation.to_do = [*names.to_declare(), *translation.to_do, *_where_it_starts(draft)]
    return translation


def _ask_image(draft: Draft, translation: Translation) -> None:
    from cli.connector.awslabs.acceptance import refused_by_image  # the connector's package, which no route needs

    for document in translation.documents.values():
        for refused in refused_by_image(draft, document):
            translation.refuse(refused)


def _kind(properties: Mapping[str, str]) -> Kind:
    named = properties.get(CONNECTOR_CLASS, "")
    if not named:
        raise CliError(f"{CONNECTOR_CLASS} is missing", f"give the connector's own file, of {' or '.join(SINKS)}")
    for sink, kind in SINKS.items():
        if named.rpartition(".")[2] in {sink, sink.removesuffix("Connector")}:
            return kind
    raise CliError(
        f"{CONNECTOR_CLASS}={named} is not a connector of awslabs' Kafka-Kinesis-Connector",
        f"only {' and '.join(SINKS)} can be imported; write the route by hand: streamops env init shows how",
    )


def _identity(properties: Mapping[str, str], kind: Kind) -> tuple[str, list[str], str]:
    topics = [topic.strip() for topic in properties.get("topics", "").split(",") if topic.strip()]
    needed = {key: properties.get(key, "") for key in ("name", "topics", TARGETS[kind])}
    if "topics.regex" in properties:
        del needed["topics"]  # refused by its name, with the others
    for key, value in needed.items():
        if not value.strip(" ,"):
            raise CliError(f"{key} is missing", "add it: without it the connector does not start either")
        if "${" in value:
            raise CliError(f"{key}={value} is filled in by Connect", "write the value itself")
    return needed["name"], topics, needed[TARGETS[kind]]


def _overriding(item: tuple[str, str]) -> int:
    """What the connector says of its consumer comes last, and so wins over what its worker says of consumers."""
    places = (-place for place, prefix in enumerate(CONSUMER_PREFIXES) if item[0].startswith(prefix))
    return next(places, -len(CONSUMER_PREFIXES))


def _remark(draft: Draft, key: str, value: str) -> Remark:
    bare = next((key.removeprefix(prefix) for prefix in CONSUMER_PREFIXES if key.startswith(prefix)), key)
    own = keys.KINESIS if draft.kind == "kinesis" else keys.FIREHOSE
    of_consumer = connect.OF_CONSUMERS.get(bare) if bare != key else None
    handler = keys.BOTH.get(key) or own.get(key) or of_consumer or connect.HANDLERS.get(bare)
    if handler is not None:
        if "${" in value:
            return Remark(key, value, "refused", "is filled in by Connect; write the value itself, or take the key out")
        try:
            return Remark(key, value, "carried", handler(draft, value))
        except LeftOutKey as left_out:
            return Remark(key, value, "left out", str(left_out))
        except RefusedKeyError as refused:
            return Remark(key, value, "refused", str(refused))
    if bare.startswith(("transforms.", "predicates.")):
        return Remark(key, value, "left out", "see transforms")
    reason = keys.LEFT_OUT.get(key) or connect.LEFT_OUT.get(bare) or _by_prefix(bare)
    return Remark(key, value, "left out", reason) if reason else Remark(key, value, "unknown", _unknown(draft, key))


def _by_prefix(key: str) -> str | None:
    return next((reason for prefix, reason in connect.LEFT_OUT_PREFIXES.items() if key.startswith(prefix)), None)


def _unknown(draft: Draft, key: str) -> str:
    own = keys.KINESIS if draft.kind == "kinesis" else keys.FIREHOSE
    other = keys.FIREHOSE if draft.kind == "kinesis" else keys.KINESIS
    if key in other or key in TARGETS.values():
        return f"a key of the other sink; it had no effect on {draft.service}"
    near = meant(key, {*keys.BOTH, *own, *keys.LEFT_OUT, *connect.HANDLERS, *connect.LEFT_OUT})
    return "no key of the connector or of Connect; it had no effect" + (f" (was {near} meant?)" if near else "")


def _finish_standalone(draft: Draft, translation: Translation, name: str) -> None:
    group = draft.origin("group.id")
    draft.source["group"] = draft.properties[group] if group else f"connect-{name}"
    try:
        translation.to_do += write_security(draft)
    except RefusedKeyError as refused:
        translation.refuse(Remark(refused.key, draft.properties[refused.key], "refused", str(refused)))
    if "region" not in draft.sink:
        translation.to_do.append("region is not told: name it in AWS_REGION where the image runs, or in sink.region")
    if "bootstrap" not in draft.source and not translation.refused:
        raise CliError(
            "bootstrap.servers is missing, and the image must know its brokers",
            "give the worker's file too: streamops connector import connector.properties worker.properties",
        )


def _route(draft: Draft, names: Names, topic: str, target: str) -> dict[str, Any]:
    section, end = ("streams", "stream") if draft.kind == "kinesis" else ("deliveries", "delivery")
    short = names.of("topics", topic)
    ends = {"from": {"topic": short}, "to": {end: names.of(section, target)}}
    top = dict(draft.top)
    declared = draft.environment.topics.get(short) if draft.environment else None
    if declared and "tasks" in top:
        # More tasks than partitions is no mistake to Connect: the rest of them wait.
        top["tasks"] = {"min": 1, "max": min(top["tasks"]["max"], declared.partitions)}
    return {**ends, **top, **draft.source, **draft.sink}


def _configuration(draft: Draft, route: str, topic: str, target: str) -> dict[str, Any]:
    named = {"stream": target} if draft.kind == "kinesis" else {"delivery_stream": target}
    return {
        "route": route,
        "source": {"kind": "kafka", "topic": topic, **draft.source},
        "sink": {"kind": draft.kind, **named, **draft.sink},
        **draft.top,
    }


def _where_it_starts(draft: Draft) -> Iterator[str]:
    if draft.standalone:
        yield (
            f"group {draft.source['group']} is the one that Connect commits in: stop the connector there first, and "
            "the image goes on where it stopped"
        )
        if draft.kind == "firehose":
            yield (
                "awslabs' sink commits what Firehose has refused too: to send that again, set the group back before "
                "the first start"
            )
    elif "start" not in draft.source:
        yield (
            "the route reads in a group of its own, from the beginning of the topic; to go on where Connect stopped, "
            "set start to a time shortly before that"
        )
